import { expect, test } from "vitest";
import { heightOf, layoutOf, moved, placeOf, visible } from "../src/app/grid/layout.ts";

const layout = layoutOf(1000, 180, 10, 50); // five columns of 192

test("as many columns as fit, and they fill the width", () => {
  expect(layout).toEqual({ columns: 5, width: 192, height: 242, gap: 10 });
  expect(layoutOf(100, 180, 10, 50)).toEqual({ columns: 1, width: 100, height: 150, gap: 10 });
  expect(heightOf(layout, 0)).toBe(0);
  expect(heightOf(layout, 5)).toBe(242);
  expect(heightOf(layout, 6)).toBe(494);
});

test("exactly the cells that touch the strip in sight are visible", () => {
  for (const [top, length] of [
    [0, 800],
    [-500, 800],
    [300, 10],
    [242, 9],
    [4000, 800],
    [-2000, 800],
    [99_999, 800],
  ] as const) {
    const [first, end] = visible(layout, 98, top, length);
    for (let index = 0; index < 98; index++) {
      const { y } = placeOf(layout, index);
      const touches = y < top + length && y + layout.height > top;
      if (touches) expect(first <= index && index < end, `${index} at ${top}`).toBe(true);
    }
    expect(end - first).toBeLessThanOrEqual(5 * (Math.ceil(length / 252) + 1));
  }
});

test("keys move within the photos, and a column has an end", () => {
  const to = (key: string, index: number) => moved(key, index, 5, 12, 2); // rows of 5, 5 and 2
  expect(to("ArrowRight", 4)).toBe(5);
  expect(to("ArrowLeft", 0)).toBe(0);
  expect(to("ArrowDown", 1)).toBe(6);
  expect(to("ArrowDown", 8)).toBe(11); // nothing below: the last one
  expect(to("ArrowDown", 10)).toBe(10);
  expect(to("ArrowUp", 3)).toBe(3);
  expect(to("ArrowUp", 11)).toBe(6);
  expect(to("PageDown", 1)).toBe(11);
  expect(to("PageUp", 11)).toBe(1);
  expect([to("Home", 7), to("End", 7)]).toEqual([0, 11]);
  expect(to("x", 7)).toBeUndefined();
});
