/**
 * The resize's two passes on 128-bit vectors: `kernel.wat`, four channels at a time. The same bits as the plain loops.
 *
 * It takes the pixels from the decoder's buffer some rows at a time, so that they stay in the processor's cache. Turned
 * photos are turned on the way.
 */

import type { Pixels } from "./pixels.ts";
import type { Taps } from "./resize.ts";
import { grow, instantiate } from "./vectors.ts";

/** `kernel.wat`, assembled: `npm run kernel` writes these lines, and a test compares them with the source. */
export const KERNEL = [
  "AGFzbQEAAAABEAFgDH9/f39/f39/f39/fwADAgEABQMBAAEHEQIGbWVtb3J5AgAEcGFzcwAACt8BAdwBAgZ/AXsDQCAAIAcoAgAg",
  "AWxqIREgCSAIKAIAQQJ0aiEQIAQhDiADIQwDQCARIQ0gCSEP/QwAACAAAAAgAAAAIAAAACAAIRIDQCASIA/9CQIAIA39XAIA/YkB",
  "/akB/bUB/a4BIRIgDSABaiENIA9BBGohDyAPIBBJDQALIBJBFv2sASESIBIgEv2FASESIA4gEiAS/Wb9WgIAACARIAJqIREgDiAG",
  "aiEOIAxBAWsiDA0ACyAEIAVqIQQgB0EEaiEHIAhBBGohCCAJIAtBAnRqIQkgCkEBayIKDQALCw==",
].join("");

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly pass: (
    ...numbers: [
      ...[source: number, sourceStep: number, sourceLine: number, lines: number],
      ...[target: number, targetStep: number, targetLine: number],
      ...[starts: number, counts: number, weights: number, places: number, most: number],
    ]
  ) => void;
}

const ROWS = 16; // a turned photo's columns are read 16 pixels at a time: 64 bytes, a line of the cache
const BLOCK_BYTES = 2 ** 20; // fewer rows at a time where they are long
const MEMORY_BYTES = 2 ** 28; // more than that is left to the plain loops: memory of WebAssembly never shrinks

let kernel: Exports | null | undefined;

/** Both passes over `pixels`: RGB [rows, columns, 3]. Undefined where the browser has no vectors, or too little memory. */
export function fastPasses(pixels: Pixels, columns: Taps, rows: Taps): Uint8Array<ArrayBuffer> | undefined {
  kernel ??= instantiate<Exports>(KERNEL);
  if (kernel === null) return undefined;
  const [width, height] = [columns.starts.length, rows.starts.length];
  const across = pixels.width;
  const block = Math.max(1, Math.min(ROWS, pixels.height, Math.floor(BLOCK_BYTES / (4 * across))));
  const layout = new Layout();
  const source = layout.add(4 * across * block);
  const wide = layout.add(4 * width * pixels.height);
  const target = layout.add(4 * width * height);
  const across32 = addTaps(layout, columns);
  const down32 = addTaps(layout, rows);
  if (layout.bytes > MEMORY_BYTES || !canHold(kernel.memory, layout.bytes)) return undefined;

  const { buffer } = kernel.memory;
  writeTaps(buffer, across32, columns);
  writeTaps(buffer, down32, rows);
  const load = loader(pixels, new Uint8Array(buffer, source));
  for (let row = 0; row < pixels.height; row += block) {
    const lines = Math.min(block, pixels.height - row);
    load(row, lines);
    const to = wide + 4 * width * row;
    kernel.pass(source, 4, 4 * across, lines, to, 4, 4 * width, ...across32, width, columns.most);
  }
  kernel.pass(wide, 4 * width, 4, width, target, 4 * width, 4, ...down32, height, rows.most);
  return withoutFourth(new Uint8Array(buffer, target, 4 * width * height));
}

/** Addresses in the kernel's memory, one after the other. */
class Layout {
  bytes = 0;

  add(bytes: number): number {
    const at = this.bytes;
    this.bytes += Math.ceil(bytes / 16) * 16;
    return at;
  }
}

type TapAddresses = [starts: number, counts: number, weights: number];

function addTaps(layout: Layout, { starts, counts, weights }: Taps): TapAddresses {
  return [layout.add(starts.byteLength), layout.add(counts.byteLength), layout.add(weights.byteLength)];
}

function writeTaps(buffer: ArrayBuffer, [starts, counts, weights]: TapAddresses, taps: Taps): void {
  new Int32Array(buffer, starts, taps.starts.length).set(taps.starts);
  new Int32Array(buffer, counts, taps.counts.length).set(taps.counts);
  new Int32Array(buffer, weights, taps.weights.length).set(taps.weights);
}

function canHold(memory: WebAssembly.Memory, bytes: number): boolean {
  try {
    grow(memory, bytes);
    return true;
  } catch {
    return false;
  }
}

/** How `lines` rows from `row` on come to `to` as RGBA. */
function loader(pixels: Pixels, to: Uint8Array): (row: number, lines: number) => void {
  const { data, width: across, origin, stepX, stepY } = pixels;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (stepX === 4)
    return (row, lines) => {
      for (let line = 0, from = origin + row * stepY; line < lines; line++, from += stepY)
        to.set(bytes.subarray(from, from + 4 * across), 4 * across * line);
    };
  if ([stepX, stepY, origin, data.byteOffset, data.byteLength].every((each) => each % 4 === 0)) {
    const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    const out = new Uint32Array(to.buffer, to.byteOffset);
    return (row, lines) => {
      for (let x = 0, start = (origin + row * stepY) / 4; x < across; x++, start += stepX / 4)
        for (let line = 0, from = start, at = x; line < lines; line++, from += stepY / 4, at += across)
          out[at] = words[from]!;
    };
  }
  return (row, lines) => {
    for (let line = 0, at = 0; line < lines; line++)
      for (let x = 0, from = origin + (row + line) * stepY; x < across; x++, from += stepX, at += 4) {
        to[at] = bytes[from]!;
        to[at + 1] = bytes[from + 1]!;
        to[at + 2] = bytes[from + 2]!;
      }
  };
}

function withoutFourth(rgba: Uint8Array): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from]!;
    rgb[to++] = rgba[from + 1]!;
    rgb[to++] = rgba[from + 2]!;
  }
  return rgb;
}
