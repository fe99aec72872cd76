import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import wabt from "wabt";
import { fastPasses, KERNEL } from "../src/contract/kernel.ts";
import { oriented, packed, toRgb } from "../src/contract/pixels.ts";
import { centre, type Passes, plain, resize } from "../src/contract/resize.ts";
import type { Filter, Geometry, InputSpec } from "../src/contract/spec.ts";
import { KERNEL as YCC_KERNEL } from "../src/contract/ycc.ts";
import { goldenJson } from "./golden.ts";

const golden = goldenJson("resize.json");

/** RGB [211,157,3] as in tests/safelight/test_resize.py: every value occurs. */
function ramp() {
  const [width, height] = [157, 211];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set([3 * x + 5 * y, x * y, (7 * x) ^ (11 * y)], (y * width + x) * 3);
  return packed(data, width, height);
}

/** Comparing sums is 100 times faster than comparing arrays item by item. */
function sum(pixels: Uint8Array): string {
  return createHash("sha256").update(pixels).digest("hex");
}

function inputSpec(geometry: Geometry, filter: Filter): InputSpec {
  return { size: 96, geometry, resize_to: geometry === "crop" ? 109 : 96, filter, pad_color: [124, 116, 104] };
}

test.each(
  (["crop", "stretch", "pad"] as const).flatMap((geometry) =>
    (["bilinear", "bicubic", "lanczos"] as const).map((filter) => [geometry, filter] as const),
  ),
)("%s with %s gives Python's frozen bytes", (geometry, filter) => {
  const found = sum(resize(ramp(), inputSpec(geometry, filter)));
  expect(found).toBe((golden.sha256 as Record<string, string>)[`ramp ${geometry} ${filter}`]);
});

test.each([
  ["kernel.wat", KERNEL],
  ["ycc.wat", YCC_KERNEL],
])("the vectors' bytes are %s, assembled", async (name, bytes) => {
  const source = readFileSync(join(import.meta.dirname, "../src/contract", name), "utf8");
  const { buffer } = (await wabt()).parseWat(name, source, { simd: true }).toBinary({});
  expect(bytes).toBe(Buffer.from(buffer).toString("base64")); // else: npm run kernel
});

test("a few literal bytes", () => {
  const pixels = packed(
    Uint8Array.from({ length: 45 }, (_, i) => i * 5),
    5,
    3,
  );
  const spec: InputSpec = { size: 2, resize_to: 2, geometry: "stretch", filter: "bilinear", pad_color: [0, 0, 0] };
  expect(Array.from(resize(pixels, spec))).toEqual((golden["ramp 5×3 to 2×2"] as number[][][]).flat(2));
});

test("a turned view is resized as the turned copy would be", () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    const view = oriented(ramp(), orientation);
    const copy = packed(toRgb(view), view.width, view.height);
    for (const geometry of ["crop", "stretch", "pad"] as const)
      expect(sum(resize(view, inputSpec(geometry, "bilinear")))).toBe(
        sum(resize(copy, inputSpec(geometry, "bilinear"))),
      );
  }
});

const vectors: Passes = (...pass) => fastPasses(...pass)!; // Node has them; undefined would fail

test("vectors and plain loops give the same bytes from a decoder's buffer, however it is turned", () => {
  const { data, width, height } = ramp();
  const rgba = Uint8ClampedArray.from({ length: width * height * 4 + 8 }, (_, i) => data[i % data.length]! ^ (i >> 7));
  for (const offset of [0, 4, 5]) // 5: not on a word's border
    for (let orientation = 1; orientation <= 8; orientation++) {
      const view = oriented(packed(rgba.subarray(offset), width, height, 4), orientation);
      for (const filter of ["bilinear", "bicubic", "lanczos"] as const)
        for (const geometry of ["crop", "stretch", "pad"] as const) {
          const spec = inputSpec(geometry, filter);
          expect(sum(resize(view, spec, vectors))).toBe(sum(resize(view, spec, plain)));
        }
    }
});

test("the fourth byte of RGBA changes nothing", () => {
  const { data, width, height } = ramp();
  const rgba = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
    i % 4 === 3 ? 99 : data[Math.floor(i / 4) * 3 + (i % 4)]!,
  );
  const spec = inputSpec("crop", "lanczos");
  expect(sum(resize(packed(rgba, width, height, 4), spec))).toBe(sum(resize(ramp(), spec)));
});

test("centre rounds half to even", () => {
  expect(Array.from({ length: 9 }, (_, slack) => centre(slack))).toEqual([0, 0, 1, 2, 2, 2, 3, 4, 4]);
});

test("orientations turn as EXIF says", () => {
  // A B C     stored, one letter a pixel
  // D E F
  const stored = packed(Uint8Array.from([..."ABCDEF"].flatMap((letter) => Array(3).fill(letter.charCodeAt(0)))), 3, 2);
  const upright = Array.from({ length: 10 }, (_, orientation) => {
    const view = oriented(stored, orientation);
    const letters = String.fromCharCode(...toRgb(view).filter((_, i) => i % 3 === 0));
    return `${view.width}×${view.height} ${letters}`;
  });
  const asStored = "3×2 ABCDEF";
  expect(upright).toEqual([
    asStored, // 0: invalid
    asStored,
    "3×2 CBAFED",
    "3×2 FEDCBA",
    "3×2 DEFABC",
    "2×3 ADBECF",
    "2×3 DAEBFC",
    "2×3 FCEBDA",
    "2×3 CFBEAD",
    asStored, // 9: invalid
  ]);
});
