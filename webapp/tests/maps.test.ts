import { expect, test } from "vitest";
import { greyOf, sidesOf } from "../src/app/look/grey.ts";

const MAPS = Float32Array.of(-1, 7, 0, 7, 1, 7, 3, 7); // four places, two channels

test("a channel goes from black at its own lowest value to white at its highest, opaque", () => {
  expect([...greyOf(MAPS, 2, 0)]).toEqual([0, 64, 128, 255].flatMap((grey) => [grey, grey, grey, 255]));
});

test("a level channel is black, whatever its value", () => {
  expect([...greyOf(MAPS, 2, 1)]).toEqual([0, 0, 0, 0].flatMap((grey) => [grey, grey, grey, 255]));
});

test("the sides come from the output's shape", () => {
  expect(sidesOf([-1, 28, 14, 16])).toEqual([28, 14, 16]);
});
