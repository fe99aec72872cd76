/**
 * The container filter: a photo's bytes → the bytes that every browser decodes alike, its size and its orientation.
 *
 * It drops ICC profiles, EXIF, XMP and gamma, because WebKit applies profiles even when told not to, no engine reads
 * EXIF in WebP, and gamma moves pixels by up to 73 of 255. What is left is decoded as stored. It also finds the size
 * before anything is decoded, and damage that a browser would paint over: they show the top of a truncated JPEG.
 */

import { avif } from "./containers/avif.ts";
import { bmp } from "./containers/bmp.ts";
import { ascii, type Bytes, viewOf } from "./containers/bytes.ts";
import { corrupt } from "./containers/damage.ts";
import { gif } from "./containers/gif.ts";
import { jpeg } from "./containers/jpeg.ts";
import { png } from "./containers/png.ts";
import { webp } from "./containers/webp.ts";
import { PhotoError } from "./errors.ts";
import { startsWith } from "./exif.ts";
import { hex } from "./hex.ts";

export type Kind = "JPEG" | "PNG" | "WEBP" | "AVIF" | "GIF" | "BMP"; // what every engine decodes

/** A photo's header, and the bytes to hand to the browser. */
export interface Container {
  readonly kind: Kind;
  readonly bytes: Uint8Array<ArrayBuffer>; // one array: Firefox refuses a JPEG blob of many small parts
  readonly opaque?: Uint8Array<ArrayBuffer>; // the same picture without its alpha, where there is one that can be left out
  readonly width: number; // pixels as stored, before orientation
  readonly height: number;
  readonly orientation: number; // 1..8 of EXIF, or of AVIF's boxes in its words; anything else means 1
  readonly isHeldWhole?: boolean; // by its decoder, beside the result: half as many pixels are let in
  readonly damage?: PhotoError; // why it can't be decoded all the same; the size is judged first, as Pillow does
}

const SIGNATURES: readonly (readonly [offset: number, magic: string, kind: string])[] = [
  [0, "\xff\xd8\xff", "JPEG"],
  [0, "\x89PNG\r\n\x1a\n", "PNG"],
  [0, "GIF87a", "GIF"],
  [0, "GIF89a", "GIF"],
  [8, "WEBP", "WEBP"],
  [4, "ftypavif", "AVIF"],
  [4, "ftypavis", "AVIF"],
  [0, "BM", "BMP"],
  [4, "ftyphei", "HEIC"],
  [4, "ftyphev", "HEIC"],
  [4, "ftypmif1", "HEIF"],
  [4, "ftypmsf1", "HEIF"],
  [0, "II*\0", "TIFF"],
  [0, "MM\0*", "TIFF"],
  [0, "8BPS", "Photoshop"],
  [0, "\0\0\x01\0", "an icon"],
  [0, "%PDF", "PDF"],
  [0, "\0\0\0\x0cjP  ", "JPEG 2000"],
  [0, "\xff\x4f\xff\x51", "JPEG 2000"], // a bare code stream
  [0, "\xff\x0a", "JPEG XL"],
  [0, "\0\0\0\x0cJXL ", "JPEG XL"],
];

const READERS: Record<Kind, (data: Bytes) => Container> = {
  JPEG: jpeg,
  PNG: png,
  WEBP: webp,
  AVIF: avif,
  GIF: gif,
  BMP: bmp,
};

/** Filter a photo. Throws PhotoError where not even a header is there: empty, not-an-image, unsupported, corrupt, truncated. */
export function filter(data: Bytes): Container {
  if (data.length === 0) throw new PhotoError("empty", "The file is empty: 0 bytes. Copy it again from where it came.");
  const kind = kindOf(data);
  if (kind === undefined) {
    const start = hex(data.subarray(0, 8), " ");
    throw new PhotoError("not-an-image", `The file is not an image: it starts with ${start}. Leave it out.`);
  }
  if (!isKind(kind))
    throw new PhotoError("unsupported", `The file is ${kind}, outside the contract. Save it as JPEG, PNG or WebP.`);
  try {
    return READERS[kind](data);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a DataView was asked for bytes beyond the end
    throw corrupt(`${kind} header ends early`, error);
  }
}

function kindOf(data: Bytes): string | undefined {
  const kind = SIGNATURES.find(([offset, magic]) => startsWith(data, magic, offset))?.[2];
  return kind === "HEIF" && brands(data).includes("avif") ? "AVIF" : kind;
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(READERS, kind);
}

function brands(data: Bytes): string[] {
  const end = Math.min(viewOf(data).getUint32(0), data.length);
  return Array.from({ length: Math.max(0, (end - 16) >> 2) }, (_, i) => ascii(data, 16 + i * 4, 4));
}
