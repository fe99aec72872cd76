/**
 * Stage 2 of 4: upright RGB uint8 [H,W,3] → the model's pixels, RGB uint8 [S,S,3]. Bit-exact in every language.
 *
 * The port of `safelight/resize.py`, whose arithmetic is Pillow's `Image.resize` on uint8 (src/libImaging/Resample.c):
 * an antialiased separable filter whose support grows with the reduction, coefficients in double precision, then
 * 22-bit fixed point, each pass rounded to uint8, **always horizontal, then vertical**. Only the part that the crop
 * keeps is computed. Never a canvas: on 12 megapixels `drawImage` is off by up to 135 of 255. The passes run on vectors
 * (`kernel.ts`) where the browser has them, else in the loops below.
 */

import { fastPasses } from "./kernel.ts";
import { type Photo, type Pixels, packed, partOf } from "./pixels.ts";
import type { Filter, InputSpec } from "./spec.ts";

export const MAX_ASPECT = 16; // beyond long:short = 16:1 the ends are cut off first

const PRECISION_BITS = 22; // 32 − 8 bits of a pixel − 2 of headroom, as in Pillow

/** Weight at distance x from the centre, and the distance beyond which it is 0; in source pixels when enlarging. */
const FILTERS: Record<Filter, { support: number; weight: (x: number) => number }> = {
  bilinear: { support: 1, weight: triangle },
  bicubic: { support: 2, weight: cubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Upright RGB uint8 [H,W,3] → RGB uint8 [S,S,3] by the spec's geometry and filter. */
export function resize(photo: Photo, spec: InputSpec, passes: Passes = fastest): Uint8Array<ArrayBuffer> {
  const { size, filter } = spec;
  if (spec.geometry === "stretch") return scale(photo, photo, size, size, filter, passes);
  if (spec.geometry === "crop") {
    const longest = MAX_ASPECT * Math.min(photo.width, photo.height);
    const frame = { width: Math.min(photo.width, longest), height: Math.min(photo.height, longest) };
    const [width, height] = shorterTo(spec.resize_to, frame.width, frame.height);
    return scale(photo, frame, width, height, filter, passes, size, size);
  }
  const [width, height] = longerTo(size, photo.width, photo.height);
  const small = scale(photo, photo, width, height, filter, passes);
  const canvas = new Uint8Array(size * size * 3);
  for (let i = 0; i < canvas.length; i++) canvas[i] = spec.pad_color[i % 3]!;
  const [left, top] = [centre(size - width), centre(size - height)];
  for (let y = 0; y < height; y++)
    canvas.set(small.subarray(y * width * 3, (y + 1) * width * 3), ((top + y) * size + left) * 3);
  return canvas;
}

/** Half of `slack`, rounded half to even as torchvision's CenterCrop does: 117 → 58, 119 → 60. */
export function centre(slack: number): number {
  const half = Math.floor(slack / 2);
  return half + (slack % 2) * (half % 2);
}

/** Resize the centre `frame` to [height, width]; of that, the centre [keepHeight, keepWidth] is computed and returned. */
function scale(
  photo: Photo,
  frame: { readonly width: number; readonly height: number },
  width: number,
  height: number,
  filter: Filter,
  passes: Passes,
  keepWidth = width,
  keepHeight = height,
): Uint8Array<ArrayBuffer> {
  const columns = taps(frame.width, width, centre(width - keepWidth), keepWidth, filter);
  const rows = taps(frame.height, height, centre(height - keepHeight), keepHeight, filter);
  const [left, across] = needed(columns);
  const [top, down] = needed(rows);
  const [aside, above] = [centre(photo.width - frame.width), centre(photo.height - frame.height)];
  return passes(partOf(photo, aside + left, above + top, across, down), columns, rows);
}

/** The first source place of the taps and how many they reach over; from now on they count from it. */
function needed({ starts, counts }: Taps): [first: number, length: number] {
  const first = starts[0]!;
  const length = starts.at(-1)! + counts.at(-1)! - first;
  for (let place = 0; place < starts.length; place++) starts[place] = starts[place]! - first;
  return [first, length];
}

/** Both passes over the pixels that the taps need: RGB [rows, columns, 3]. */
export type Passes = (pixels: Pixels, columns: Taps, rows: Taps) => Uint8Array<ArrayBuffer>;

/** In loops: where the browser has no vectors, and the port to read when writing another. */
export const plain: Passes = (pixels, columns, rows) => vertical(horizontal(pixels, columns), rows);

const fastest: Passes = (...pass) => fastPasses(...pass) ?? plain(...pass);

function shorterTo(size: number, width: number, height: number): [number, number] {
  const short = Math.min(width, height);
  return [Math.floor((size * width) / short), Math.floor((size * height) / short)];
}

function longerTo(size: number, width: number, height: number): [number, number] {
  const long = Math.max(width, height);
  return [Math.max(1, Math.floor((size * width) / long)), Math.max(1, Math.floor((size * height) / long))];
}

/** For each output place: its first source place, how many it sums, and their weights in 22-bit fixed point. */
export interface Taps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array; // [places, most]
  readonly most: number;
}

/** The taps of `keep` places from `first` on, of an axis that goes from `from` to `to` pixels. */
function taps(from: number, to: number, first: number, keep: number, filter: Filter): Taps {
  const { support, weight } = FILTERS[filter];
  const ratio = from / to;
  const spread = Math.max(ratio, 1);
  const reach = support * spread;
  const most = Math.ceil(reach) * 2 + 1;
  const result = {
    starts: new Int32Array(keep),
    counts: new Int32Array(keep),
    weights: new Int32Array(keep * most),
    most,
  };
  const exact = new Float64Array(most);
  for (let place = 0; place < keep; place++) {
    const middle = (first + place + 0.5) * ratio;
    const start = Math.max(Math.trunc(middle - reach + 0.5), 0);
    const count = Math.min(Math.trunc(middle + reach + 0.5), from) - start;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      exact[i] = weight((i + start - middle + 0.5) * (1 / spread));
      sum += exact[i]!;
    }
    for (let i = 0; i < count; i++) {
      const fixed = (sum === 0 ? exact[i]! : exact[i]! / sum) * (1 << PRECISION_BITS);
      result.weights[place * most + i] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    result.starts[place] = start;
    result.counts[place] = count;
  }
  return result;
}

const HALF = 1 << (PRECISION_BITS - 1);

function clip8(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : Math.min(value, 255);
}

/** [H,W,3] → rows of RGB [H,places,3]. */
function horizontal(pixels: Pixels, { starts, counts, weights, most }: Taps): Pixels {
  const { data, height, origin, stepX, stepY } = pixels;
  const width = starts.length;
  const out = new Uint8Array(width * height * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = origin + y * stepY;
    for (let x = 0; x < width; x++) {
      let from = row + starts[x]! * stepX;
      let [red, green, blue] = [HALF, HALF, HALF];
      const end = x * most + counts[x]!;
      for (let i = x * most; i < end; i++, from += stepX) {
        const weight = weights[i]!;
        red = (red + Math.imul(weight, data[from]!)) | 0;
        green = (green + Math.imul(weight, data[from + 1]!)) | 0;
        blue = (blue + Math.imul(weight, data[from + 2]!)) | 0;
      }
      out[to++] = clip8(red);
      out[to++] = clip8(green);
      out[to++] = clip8(blue);
    }
  }
  return packed(out, width, height);
}

/** Rows of RGB [H,W,3] → [places,W,3]. */
function vertical({ data, width }: Pixels, { starts, counts, weights, most }: Taps): Uint8Array<ArrayBuffer> {
  const stride = width * 3;
  const out = new Uint8Array(stride * starts.length);
  const sums = new Int32Array(stride);
  for (let y = 0; y < starts.length; y++) {
    sums.fill(HALF);
    for (let i = 0; i < counts[y]!; i++) {
      const weight = weights[y * most + i]!;
      const from = (starts[y]! + i) * stride;
      for (let x = 0; x < stride; x++) sums[x] = (sums[x]! + Math.imul(weight, data[from + x]!)) | 0;
    }
    for (let x = 0; x < stride; x++) out[y * stride + x] = clip8(sums[x]!);
  }
  return out;
}

function triangle(x: number): number {
  const distance = Math.abs(x);
  return distance < 1 ? 1 - distance : 0;
}

/** Keys' cubic with a = −0.5, in Pillow's order of operations. */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}
