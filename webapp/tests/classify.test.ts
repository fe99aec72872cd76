import { expect, test } from "vitest";
import { durationText, Pace } from "../src/app/classify/pace.ts";
import { workersFor } from "../src/app/classify/pool.ts";
import { namesLabel } from "../src/app/classify/runner.ts";
import { parse } from "../src/contract/spec.ts";
import { FULL_SPEC } from "./golden.ts";

test("the rate is of the last photos, and time in a pause does not count", () => {
  const pace = new Pace();
  for (const time of [0, 1000]) pace.tick(time);
  expect(pace.rate).toBeUndefined(); // two say little
  pace.tick(2000);
  expect(pace.rate).toBeCloseTo(1);
  pace.pause(2000);
  pace.resume(62_000);
  pace.tick(63_000);
  expect(pace.rate).toBeCloseTo(1);
  expect(pace.secondsFor(30)).toBeCloseTo(30);
  for (let time = 63_100; time < 70_000; time += 100) pace.tick(time);
  expect(pace.rate).toBeCloseTo(10);
});

test("the time left is rounded up, in the language's words", () => {
  expect([1, 41, 89, 91, 150, 5400, 5401].map((seconds) => durationText(seconds, "en"))).toEqual([
    "5 sec",
    "45 sec",
    "90 sec",
    "2 min",
    "3 min",
    "90 min",
    "2 hr",
  ]);
  expect(durationText(120, "zh-Hant")).toContain("2");
});

test("one worker a core, fewer where memory is short", () => {
  expect(workersFor(2, 8)).toBe(2);
  expect(workersFor(16, 8)).toBe(8);
  expect(workersFor(8, 2)).toBe(2);
  expect(workersFor(8, 0.25)).toBe(1);
  expect(workersFor(8)).toBe(4);
  expect(workersFor(undefined, 8)).toBe(1);
});

test("an answer whose wording has no place for the label names none", () => {
  const spec = parse(FULL_SPEC);
  const named = spec.output.bands.map((band) => [band.wording.en, namesLabel(spec, band.id)]);
  expect(named).toEqual(spec.output.bands.map(({ wording: { en } }) => [en, en !== "not sure"]));
  expect(named.some(([, isNamed]) => !isNamed)).toBe(true);
});
