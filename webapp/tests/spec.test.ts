import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SpecError } from "../src/contract/errors.ts";
import { parse } from "../src/contract/spec.ts";
import { FULL_SPEC, goldenSpecs } from "./golden.ts";

test.each(goldenSpecs("valid"))("accepts %s", (_, text) => {
  expect(parse(text).labels.length).toBeGreaterThan(1);
});

test.each(goldenSpecs("invalid"))("refuses %s and names the place", (name, text) => {
  const why = JSON.parse(
    readFileSync(join(import.meta.dirname, `../../tests/golden/spec/invalid/${name}.why`), "utf8"),
  ) as { where: string };
  const refusal = () => parse(text, "pets.bundle/spec.json");
  expect(refusal).toThrow(SpecError);
  expect(refusal).toThrow(/^pets\.bundle\/spec\.json breaks the contract: /);
  const field = why.where.replace(/\[.*$/, "").split(".").at(-1)!;
  expect(refusal).toThrow(new RegExp(field));
});

test("the full spec is read without losing or changing a field", () => {
  expect(parse(FULL_SPEC)).toEqual(JSON.parse(FULL_SPEC));
});

test("absent fields get Python's defaults", () => {
  const least = {
    name: "pets",
    labels: [{ id: "cat" }, { id: "dog" }],
    input: { size: 8, resize_to: 9 },
    output: { bands: [{ id: "all", at_least: 0, wording: {} }] },
    model: { architecture: "tiny", parameters: 1 },
    provenance: { source: "trained" },
  };
  const spec = parse(JSON.stringify(least));
  expect(spec.input).toEqual({ size: 8, geometry: "crop", resize_to: 9, filter: "bilinear", pad_color: [0, 0, 0] });
  expect(spec.output).toMatchObject({ temperature: 1, abstain_below: 0 });
  expect([spec.files, spec.golden, spec.spec, spec.model.heatmap]).toEqual([[], null, 1, null]);
  expect(spec.model.feature_maps).toEqual([]);
});

test("what is not JSON is one sentence", () => {
  expect(() => parse("{")).toThrow(/^spec\.json is not JSON: .* Export the bundle again\.$/);
});
