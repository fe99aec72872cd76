import { expect, test } from "vitest";
import { coloured, enlarged, evidenceFor, normalised } from "../src/app/look/heat.ts";
import { regionOf } from "../src/app/look/region.ts";
import { packed } from "../src/contract/pixels.ts";
import { resize } from "../src/contract/resize.ts";
import type { InputSpec } from "../src/contract/spec.ts";

const HEATMAP = Float32Array.of(3, 1, 2, 0, 0, 6); // two places, three classes

test("evidence is what a class has above the classes' mean, so a shift of all changes nothing", () => {
  expect([...evidenceFor(HEATMAP, 3, 0)]).toEqual([1, -2]);
  expect([...evidenceFor(HEATMAP, 3, 2)]).toEqual([0, 4]);
  expect([
    ...evidenceFor(
      HEATMAP.map((value) => value + 100),
      3,
      2,
    ),
  ]).toEqual([0, 4]);
});

test("what speaks against a class is not shown, the strongest is 1", () => {
  expect([...normalised(Float32Array.of(-3, 0, 1, 4), 4)]).toEqual([0, 0, 0.25, 1]);
  expect([...normalised(Float32Array.of(-3, -1), 0)]).toEqual([0, 0]);
});

test("enlarging keeps the values at the middles of the places and goes straight between them", () => {
  const big = enlarged(Float32Array.of(0, 1, 0, 0), 2, 2, 6); // middles at 1 and 4
  expect(big[1 * 6 + 4]).toBe(1);
  expect(big[1 * 6 + 1]).toBe(0);
  expect([...big.subarray(6, 12)].map((value) => Math.round(value * 3))).toEqual([0, 0, 1, 2, 3, 3]);
  expect(Math.max(...big)).toBe(1);
  expect(big[0 * 6 + 5]).toBe(1); // level beyond the last middle
});

test("colours start at nothing, and grow in opacity and in light", () => {
  const rgba = coloured(Float32Array.from({ length: 101 }, (_, i) => i / 100));
  expect(rgba[3]).toBe(0);
  expect([...rgba.slice(-4)]).toEqual([255, 240, 170, 255]);
  const light = Array.from(
    { length: 101 },
    (_, i) => rgba[i * 4]! * 0.3 + rgba[i * 4 + 1]! * 0.6 + rgba[i * 4 + 2]! * 0.1,
  );
  for (let i = 1; i <= 100; i++) expect(light[i]!).toBeGreaterThanOrEqual(light[i - 1]! - 1);
});

/** Every pixel says where it is: red the column, green the row, in 255ths of the photo. */
function map(width: number, height: number) {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data.set([(255 * (x + 0.5)) / width, (255 * (y + 0.5)) / height, 0], (y * width + x) * 3);
  return packed(data, width, height);
}

const GEOMETRIES: Pick<InputSpec, "geometry" | "size" | "resize_to">[] = [
  { geometry: "crop", size: 224, resize_to: 256 },
  { geometry: "crop", size: 96, resize_to: 96 },
  { geometry: "stretch", size: 64, resize_to: 64 },
  { geometry: "pad", size: 128, resize_to: 128 },
];

test.each(GEOMETRIES)("the region is where the pixels of the $geometry come from", (input) => {
  const spec: InputSpec = { ...input, filter: "bilinear", pad_color: [0, 0, 255] };
  for (const [width, height] of [
    [640, 480],
    [300, 701],
    [500, 500],
    [2000, 100],
  ] as const) {
    const pixels = resize(map(width, height), spec);
    const { left, top, width: across, height: down } = regionOf(spec, width, height);
    const { size } = spec;
    for (const [x, y] of [
      [size >> 2, size >> 1],
      [(size * 3) >> 2, size >> 1],
      [size >> 1, size >> 2],
    ] as const) {
      const at = (y * size + x) * 3;
      if (pixels[at + 2]! > 10) continue; // padding
      const found = [pixels[at]! / 255, pixels[at + 1]! / 255];
      expect(Math.abs(left + (across * (x + 0.5)) / size - found[0]!), `x of ${width} × ${height}`).toBeLessThan(0.012);
      expect(Math.abs(top + (down * (y + 0.5)) / size - found[1]!), `y of ${width} × ${height}`).toBeLessThan(0.012);
    }
  }
});
