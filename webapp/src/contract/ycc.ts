/**
 * A JPEG's planes → RGBA, for the part that is asked for: libjpeg's upsampling and colours on 128-bit vectors (`ycc.wat`).
 *
 * Browsers decode to planes in a third of the time that RGB and a canvas take, and a centre crop leaves half of the
 * pixels without use: they are never made.
 */

import type { Pixels } from "./pixels.ts";
import { Scratch } from "./scratch.ts";
import { grow, instantiate } from "./vectors.ts";

/** `ycc.wat`, assembled: `npm run kernel` writes these lines, and a test compares them with the source. */
export const KERNEL = [
  "AGFzbQEAAAABFQJgCX9/f39/f39/fwBgBX9/f39/AAMDAgABBQMBAAEHHAMGbWVtb3J5AgAFd2lkZW4AAAdjb252ZXJ0AAEKlgYC",
  "iAICAX8IeyAE/RAhCiAF/RAhCyAG/RAhDCAH/RAhDSAAIANqIQkgAEEIa/0CAwAgCv2VASABQQhr/QIDACAL/ZUB/Y4BIQ4gAP0C",
  "AwAgCv2VASAB/QIDACAL/ZUB/Y4BIQ8DQCAA/QIDCCAK/ZUBIAH9AgMIIAv9lQH9jgEhECAPIA/9jgEgD/2OASERIAIgESAM/Y4B",
  "IA4gD/0NDg8QERITFBUWFxgZGhscHf2OASAI/Y0BIBEgDf2OASAPIBD9DQIDBAUGBwgJCgsMDQ4PEBH9jgEgCP2NAUEI/YsB/VD9",
  "CwQAIA8hDiAQIQ8gAkEQaiECIABBCGohACABQQhqIQEgACAJSQ0ACwuJBAIBfwl7/QwAgAAAAIAAAACAAAAAgAAAIQ4gACAEaiEF",
  "A0AgAP0CAwAhBiAB/QIDAP0MgACAAIAAgACAAIAAgACAAP2RASEHIAL9AgMA/QyAAIAAgACAAIAAgACAAIAA/ZEBIQggByAI/Q0A",
  "ARARAgMSEwQFFBUGBxYXIQkgByAI/Q0ICRgZCgsaGwwNHB0ODx4fIQogBiAI/Y4BIAn9DAAA6WYAAOlmAADpZgAA6Wb9ugEgDv2u",
  "AUEQ/awBIAr9DAAA6WYAAOlmAADpZgAA6Wb9ugEgDv2uAUEQ/awB/YUB/Y4BIQsgBiAI/ZEBIAn9DOanLknmpy5J5qcuSeanLkn9",
  "ugEgDv2uAUEQ/awBIAr9DOanLknmpy5J5qcuSeanLkn9ugEgDv2uAUEQ/awB/YUB/Y4BIQwgBiAHQQH9iwH9jgEgCf0MosUAAKLF",
  "AACixQAAosUAAP26ASAO/a4BQRD9rAEgCv0MosUAAKLFAACixQAAosUAAP26ASAO/a4BQRD9rAH9hQH9jgEhDSALIAz9ZiELIA39",
  "DP8A/wD/AP8A/wD/AP8A/wD9ZiENIAMgCyAN/Q0ACBAYAQkRGQIKEhoDCxMb/QsEACADIAsgDf0NBAwUHAUNFR0GDhYeBw8XH/0L",
  "BBAgA0EgaiEDIABBCGohACABQQhqIQEgAkEIaiECIAAgBUkNAAsL",
].join("");

/** One channel, uint8 rows of `stride` bytes from `offset` on. */
export interface Plane {
  readonly offset: number;
  readonly stride: number;
}

/** A JPEG as stored, full range. Chroma planes have ⌈width / 2⌉ columns and ⌈height / 2⌉ rows where they are halved. */
export interface Planes {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly y: Plane;
  readonly cb: Plane;
  readonly cr: Plane;
  readonly halvedAcross: boolean;
  readonly halvedDown: boolean;
}

type Mix = readonly [near: number, far: number, even: number, odd: number, shift: number];

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly widen: (nearRow: number, farRow: number, target: number, samples: number, ...mix: Mix) => void;
  readonly convert: (y: number, cb: number, cr: number, target: number, pixels: number) => void;
}

const EDGE = 16; // bytes around a row in the kernel's memory, more than it reads beyond
const ACROSS: Mix = [1, 0, 1, 2, 2]; // libjpeg's h2v1
const BOTH: Mix = [3, 1, 8, 7, 4]; // h2v2

let kernel: Exports | null | undefined;

/** Whether this browser has vectors. */
export function hasVectors(): boolean {
  kernel ??= instantiate<Exports>(KERNEL);
  return kernel !== null;
}

const scratch = new Scratch();

/** RGBA of the stored rectangle at (left, top), good until the next call. Throws RangeError where memory is short. */
export function rgbaOf(planes: Planes, left: number, top: number, width: number, height: number): Pixels {
  const start = left - (left % 2); // of the chroma sample that the first column belongs to
  const across = left + width - start;
  const rows = new Rows(planes, start, across);
  const data = scratch.take(4 * across * height);
  for (let line = 0; line < height; line++) data.set(rows.rgba(top + line), 4 * across * line);
  return { data, width, height, origin: 4 * (left - start), stepX: 4, stepY: 4 * across };
}

/** Rows of a part of the planes, one at a time through the kernel's memory. */
class Rows {
  readonly #planes: Planes;
  readonly #start: number;
  readonly #across: number;
  readonly #kernel: Exports;
  readonly #bytes: Uint8Array;
  readonly #room: number; // for a row of samples and its edges

  constructor(planes: Planes, start: number, across: number) {
    this.#planes = planes;
    this.#start = start;
    this.#across = across;
    this.#kernel = kernel!;
    this.#room = Math.ceil(across / EDGE) * EDGE + 2 * EDGE;
    grow(this.#kernel.memory, this.#room * 11);
    this.#bytes = new Uint8Array(this.#kernel.memory.buffer);
  }

  /** One row of the part, RGBA; overwritten by the next. */
  rgba(row: number): Uint8Array {
    const { data, y, cb, cr } = this.#planes;
    const from = y.offset + row * y.stride + this.#start;
    this.#bytes.set(data.subarray(from, from + this.#across), this.#at(0));
    const [blue, red] = [this.#chroma(cb, row, 1), this.#chroma(cr, row, 4)];
    this.#kernel.convert(this.#at(0), blue, red, this.#at(7), this.#across);
    return this.#bytes.subarray(this.#at(7), this.#at(7) + 4 * this.#across);
  }

  #at(slot: number): number {
    return slot * this.#room + EDGE;
  }

  /** A chroma plane's row at full width: its address, in the third of three slots. */
  #chroma(plane: Plane, row: number, slot: number): number {
    const { width, height, halvedAcross, halvedDown } = this.#planes;
    const rows = halvedDown ? (height + 1) >> 1 : height;
    const near = halvedDown ? row >> 1 : row;
    const far = halvedDown ? Math.min(Math.max(near + (row % 2 === 0 ? -1 : 1), 0), rows - 1) : near;
    if (!halvedAcross) return this.#load(plane, near, this.#start, this.#across, width, slot);
    const first = this.#start / 2;
    const samples = (this.#across + 1) >> 1;
    const columns = (width + 1) >> 1;
    const nearRow = this.#load(plane, near, first, samples, columns, slot);
    const farRow = halvedDown ? this.#load(plane, far, first, samples, columns, slot + 1) : nearRow;
    this.#kernel.widen(nearRow, farRow, this.#at(slot + 2), samples, ...(halvedDown ? BOTH : ACROSS));
    return this.#at(slot + 2);
  }

  /** Copy samples and their neighbours on both sides; at the picture's border the last sample is its own neighbour. */
  #load(plane: Plane, row: number, first: number, samples: number, columns: number, slot: number): number {
    const at = this.#at(slot);
    const line = plane.offset + row * plane.stride;
    const [from, to] = [Math.max(first - 1, 0), Math.min(first + samples + 1, columns)];
    this.#bytes.set(this.#planes.data.subarray(line + from, line + to), at + from - first);
    if (first === 0) this.#bytes[at - 1] = this.#bytes[at]!;
    if (to === first + samples) this.#bytes[at + samples] = this.#bytes[at + samples - 1]!;
    return at;
  }
}
