import { expect, test } from "vitest";
import { parseSpec } from "../src/contract/spec.ts";
import { predict, say } from "../src/contract/task.ts";

const spec = parseSpec({
  name: "pets",
  labels: [
    { id: "cat", names: { en: "a cat", "zh-Hant": "貓" } },
    { id: "dog", names: { en: "a dog" } },
    { id: "eel" },
  ],
  input: { size: 8, resize_to: 8 },
  output: {
    abstain_below: 0.4,
    bands: [
      { id: "sure", at_least: 0.9, wording: { en: "{label}" } },
      { id: "perhaps", at_least: 0.6, wording: { en: "perhaps {label}", "zh-Hant": "也許是{label}" } },
      { id: "unsure", at_least: 0, wording: { "zh-Hans": "不确定" } },
    ],
  },
  model: { architecture: "tiny", parameters: 1 },
  provenance: { source: "trained" },
});

test("the most probable label wins, with its band and its rivals", () => {
  const prediction = predict(Float32Array.of(0.25, 0.625, 0.125), spec, 2);
  expect(prediction).toEqual({
    label: "dog",
    probability: 0.625,
    band: "perhaps",
    abstained: false,
    ranking: [
      ["dog", 0.625],
      ["cat", 0.25],
    ],
  });
});

test("of equal ones the first wins, and a band's edge belongs to it", () => {
  expect(predict([0.5, 0.5, 0], spec).label).toBe("cat");
  expect(predict([0.9, 0.1, 0], spec).band).toBe("sure");
  expect(predict([0.4, 0.3, 0.3], spec).abstained).toBe(false);
  expect(predict([0.39, 0.31, 0.3], spec).abstained).toBe(true);
});

test("words are in the language asked for, else English, else the id", () => {
  const perhapsCat = predict([0.7, 0.2, 0.1], spec);
  expect(say(perhapsCat, spec, "zh-Hant")).toBe("也許是貓");
  expect(say(perhapsCat, spec, "fr")).toBe("perhaps a cat");
  expect(say(predict([0, 0, 1], spec), spec, "zh-Hant")).toBe("eel");
  expect(say(predict([0.4, 0.3, 0.3], spec), spec, "zh-Hant")).toBe("貓");
});
