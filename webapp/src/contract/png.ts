/**
 * A PNG decoder of our own: canvases premultiply alpha and round 16 bits differently, and engines disagree on damage.
 *
 * The browser inflates (DecompressionStream); the rest is here, a row at a time, so that only the result is held whole.
 */

import { PhotoError } from "./errors.ts";
import { overWhite, type Pixels, packed } from "./pixels.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What the chunks before the pixels say. */
interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number; // bits per sample: 1, 2, 4, 8, 16
  readonly colour: number; // 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
  readonly interlaced: boolean;
  readonly palette?: Bytes; // RGB of each entry
  readonly transparent?: Bytes; // tRNS: a 16-bit colour, or the alpha of palette entries
}

const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }; // colour → samples per pixel
const DEPTHS: Record<number, readonly number[]> = {
  ...{ 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] },
};

/** Adam7's passes: the first column and row, and the steps. */
const WHOLE = [[0, 0, 1, 1]] as const;
const PASSES = [
  ...[[0, 0, 8, 8] as const, [4, 0, 8, 8] as const, [0, 4, 4, 8] as const, [2, 0, 4, 4] as const],
  ...[[0, 2, 2, 4] as const, [1, 0, 2, 2] as const, [0, 1, 1, 2] as const],
] as const;

/** The filter's PNG (whole chunks in order) → RGBA rows, over white: the fourth byte is 255. Throws PhotoError. */
export async function decodePng(file: Bytes): Promise<Pixels> {
  const [header, data] = chunks(file);
  const out = new Uint8Array(header.width * header.height * 4);
  const rows = new Rows(data);
  const bits = SAMPLES[header.colour]! * header.depth;
  const write = writer(header, out);
  for (const [left, top, stepX, stepY] of header.interlaced ? PASSES : WHOLE) {
    const across = Math.ceil((header.width - left) / stepX);
    if (across <= 0) continue;
    const bytes = Math.ceil((across * bits) / 8);
    let before: Bytes = new Uint8Array(bytes);
    for (let y = top; y < header.height; y += stepY) {
      const row = rows.taken(1 + bytes) ?? (await rows.next(1 + bytes));
      unfilter(row, before, Math.max(1, bits >> 3));
      before = row.subarray(1);
      write(before, across, (y * header.width + left) * 4, stepX * 4);
    }
  }
  rows.cancel();
  return packed(out, header.width, header.height, 4);
}

function chunks(file: Bytes): [Header, Bytes[]] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colour] = [view.getUint8(24), view.getUint8(25)];
  if (!DEPTHS[colour]?.includes(depth)) throw corrupt(`PNG of colour type ${colour} with ${depth} bits`);
  const data: Bytes[] = [];
  const found: Record<string, Bytes> = {};
  for (let at = 8; at < file.length; at += 12 + view.getUint32(at)) {
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    const body = file.subarray(at + 8, at + 8 + view.getUint32(at));
    if (type === "IDAT") data.push(body);
    else found[type] ??= body;
  }
  if (data.length === 0) throw corrupt("PNG without pixels");
  const [method = 8, check = 0x1d] = data.flatMap((part) => Array.from(part.subarray(0, 2)));
  if ((method & 15) !== 8 || ((method << 8) | check) % 31 !== 0) throw corrupt("PNG data that isn't zlib's");
  const [palette, transparent] = [found.PLTE, found.tRNS];
  if (colour === 3 && !palette) throw corrupt("PNG without its palette");
  const header = { width, height, depth, colour, interlaced: view.getUint8(28) !== 0 };
  return [{ ...header, ...(palette && { palette }), ...(transparent && { transparent }) }, data];
}

/** Inflated rows. What comes after the last one asked for is not looked at, as in Pillow. */
class Rows {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  #part: Bytes = new Uint8Array(0);
  #at = 0;
  #isWhole = false; // all of the file's data went in without an error

  constructor(data: Bytes[]) {
    const stream = new DecompressionStream("deflate");
    const writer = stream.writable.getWriter();
    const feed = async () => {
      for (const part of data) await writer.write(part);
      this.#isWhole = true;
      await writer.close();
    };
    feed().catch(() => {}); // the reader meets the same error
    this.#reader = (stream.readable as ReadableStream<Bytes>).getReader();
  }

  /** The next `bytes`, where they are here already: it saves a wait for each row. */
  taken(bytes: number): Bytes | undefined {
    if (this.#at + bytes > this.#part.length) return undefined;
    this.#at += bytes;
    return this.#part.subarray(this.#at - bytes, this.#at);
  }

  async next(bytes: number): Promise<Bytes> {
    const row = new Uint8Array(bytes);
    for (let filled = 0; filled < bytes; ) {
      if (this.#at === this.#part.length) await this.#read();
      const part = this.#part.subarray(this.#at, this.#at + bytes - filled);
      row.set(part, filled);
      filled += part.length;
      this.#at += part.length;
    }
    return row;
  }

  async #read(): Promise<void> {
    try {
      const { value, done } = await this.#reader.read();
      if (done) throw truncated();
      [this.#part, this.#at] = [value, 0];
    } catch (error) {
      if (error instanceof PhotoError) throw error;
      throw this.#isWhole ? truncated(error) : corrupt("PNG data that can't be inflated", error);
    }
  }

  cancel(): void {
    this.#reader.cancel().catch(() => {});
  }
}

/** Undo the row's filter, in place; its first byte is the filter's number. */
function unfilter(row: Bytes, above: Bytes, step: number): void {
  const end = row.length;
  switch (row[0]) {
    case 0:
      return;
    case 1:
      for (let i = 1 + step; i < end; i++) row[i] = row[i]! + row[i - step]!;
      return;
    case 2:
      for (let i = 1; i < end; i++) row[i] = row[i]! + above[i - 1]!;
      return;
    case 3:
      for (let i = 1; i < end; i++) row[i] = row[i]! + (((i > step ? row[i - step]! : 0) + above[i - 1]!) >> 1);
      return;
    case 4:
      for (let i = 1; i <= step && i < end; i++) row[i] = row[i]! + above[i - 1]!;
      for (let i = 1 + step; i < end; i++) {
        const [left, up, corner] = [row[i - step]!, above[i - 1]!, above[i - 1 - step]!];
        const [toLeft, toUp, toCorner] = [
          Math.abs(up - corner),
          Math.abs(left - corner),
          Math.abs(left + up - 2 * corner),
        ];
        row[i] = row[i]! + (toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner);
      }
      return;
    default:
      throw corrupt(`PNG row with the unknown filter ${row[0]}`);
  }
}

type Write = (row: Bytes, across: number, to: number, step: number) => void;

/** How `across` pixels of an unfiltered row come to `out`, from index `to` on, `step` indices apart. */
function writer({ depth, colour, palette, transparent }: Header, out: Bytes): Write {
  const wide = depth === 16 ? 2 : 1; // bytes of a sample; of 16 bits the upper 8 are kept
  const key = (i: number) =>
    transparent && transparent.length >= 2 * i + 2 ? (transparent[2 * i]! << 8) | transparent[2 * i + 1]! : -1;
  const put = (to: number, red: number, green: number, blue: number, alpha = 255) => {
    out[to] = overWhite(red, alpha);
    out[to + 1] = overWhite(green, alpha);
    out[to + 2] = overWhite(blue, alpha);
    out[to + 3] = 255;
  };
  if (colour === 2) {
    const [red, green, blue] = [0, 1, 2].map((i) => (depth === 16 && key(i) >= 0 ? key(i) >> 8 : key(i)));
    return (row, across, to, step) => {
      for (let i = 0, x = 0; x < across; x++, i += 3 * wide, to += step) {
        const [r, g, b] = [row[i]!, row[i + wide]!, row[i + 2 * wide]!];
        out[to] = r;
        out[to + 1] = g;
        out[to + 2] = b;
        out[to + 3] = 255;
        if (r === red && g === green && b === blue) put(to, 255, 255, 255);
      }
    };
  }
  if (colour === 6)
    return (row, across, to, step) => {
      for (let i = 0, x = 0; x < across; x++, i += 4 * wide, to += step)
        put(to, row[i]!, row[i + wide]!, row[i + 2 * wide]!, row[i + 3 * wide]!);
    };
  if (colour === 4)
    return (row, across, to, step) => {
      for (let i = 0, x = 0; x < across; x++, i += 2 * wide, to += step)
        put(to, row[i]!, row[i]!, row[i]!, row[i + wide]!);
    };
  if (depth === 16)
    return (row, across, to, step) => {
      for (let i = 0, x = 0; x < across; x++, i += 2, to += step) {
        const shown = ((row[i]! << 8) | row[i + 1]!) === key(0) ? 255 : row[i]!;
        put(to, shown, shown, shown);
      }
    };
  const table = colour === 3 ? ofPalette(palette, transparent) : ofGrey(depth, key(0));
  const most = (1 << depth) - 1;
  return (row, across, to, step) => {
    for (let x = 0, bit = 0; x < across; x++, bit += depth, to += step) {
      const entry = 3 * ((row[bit >> 3]! >> (8 - depth - (bit & 7))) & most);
      put(to, table[entry]!, table[entry + 1]!, table[entry + 2]!);
    }
  };
}

/** RGB of every index, over white; black beyond the palette's end. */
function ofPalette(palette?: Bytes, alphas?: Bytes): Bytes {
  return Uint8Array.from({ length: 768 }, (_, i) => {
    const entry = Math.floor(i / 3);
    return overWhite(palette?.[i] ?? 0, alphas?.[entry] ?? 255);
  });
}

function ofGrey(depth: number, key: number): Bytes {
  const scale = 255 / ((1 << depth) - 1);
  return Uint8Array.from({ length: 768 }, (_, i) => (Math.floor(i / 3) === key ? 255 : Math.floor(i / 3) * scale));
}

function truncated(cause?: unknown): PhotoError {
  return new PhotoError("truncated", "The photo ends early, in its pixels. Copy it again from where it came.", {
    cause,
  });
}

function corrupt(what: string, cause?: unknown): PhotoError {
  return new PhotoError("corrupt", `The photo is damaged: ${what}. Export it again from its source.`, { cause });
}
