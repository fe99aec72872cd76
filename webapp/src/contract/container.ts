/**
 * The container filter: a photo's bytes → the bytes that every browser decodes alike, its size and its orientation.
 *
 * It drops ICC profiles, EXIF, XMP and gamma, because WebKit applies profiles even when told not to, no engine reads
 * EXIF in WebP, and gamma moves pixels by up to 73 of 255. What is left is decoded as stored. It also finds the size
 * before anything is decoded, and damage that a browser would paint over: they show the top of a truncated JPEG.
 */

import { withoutTurns } from "./avif.ts";
import { crc32 } from "./crc.ts";
import { PhotoError } from "./errors.ts";
import { exifOrientation, startsWith } from "./exif.ts";

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

type Bytes = Uint8Array<ArrayBuffer>;

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
    const start = Array.from(data.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
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

function jpeg(data: Bytes): Container {
  const view = viewOf(data);
  const kept = [data.subarray(0, 2)];
  let exif: number | undefined;
  let damage: PhotoError | undefined;
  let [width, height, isHeldWhole] = [0, 0, false];
  for (let at = 2; ; ) {
    if (at + 4 > data.length) throw truncated("in its header");
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff || marker === 0xff || marker === 0) {
      at++; // stray bytes and padding between segments, as every decoder skips them
      continue;
    }
    if (marker === 0xda) {
      if (width === 0) throw corrupt("JPEG data without a frame header");
      const bytes = joined([...kept, data.subarray(at)]);
      if (!hasEnd(data, at)) damage ??= truncated("before its end marker");
      return { kind: "JPEG", bytes, width, height, orientation: exif ?? 1, isHeldWhole, ...(damage && { damage }) };
    }
    const end = marker >= 0xd0 && marker <= 0xd8 ? at + 2 : at + 2 + view.getUint16(at + 2);
    if (end > data.length) throw truncated("in its header");
    const segment = data.subarray(at, end);
    if (marker === 0xe1) {
      if (startsWith(segment, "Exif\0\0", 4)) exif ??= exifOrientation(segment.subarray(4)) ?? 1;
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      isHeldWhole = marker === 0xc2; // progressive
      if (marker > 0xc2 || view.getUint8(at + 4) !== 8) damage = rareJpeg();
    }
    // JFIF (APP0) and Adobe (APP14) say how colours are stored; every other application segment and comment goes.
    const isExtra = (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
    if (!isExtra || marker === 0xe0 || marker === 0xee) kept.push(segment);
    at = end;
  }
}

/** Whether an end-of-image marker follows; in coded data 0xff is always followed by 0 or a restart marker. */
function hasEnd(data: Bytes, from: number): boolean {
  for (let at = data.indexOf(0xff, from); at >= 0; at = data.indexOf(0xff, at + 1))
    if (data[at + 1] === 0xd9) return true;
  return false;
}

const PNG_KEPT = ["IHDR", "PLTE", "tRNS", "IDAT"]; // without acTL an animation shows its still image

const PNG_HEADER_BYTES = 33; // signature and IHDR chunk

const PNG_END = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82); // an IEND chunk

function png(data: Bytes): Container {
  const view = viewOf(data);
  const kept = [data.subarray(0, 8)];
  let exif: number | undefined;
  let damage: PhotoError | undefined;
  let hasPixels = false;
  if (!startsWith(data, "IHDR", 12) || data.length < PNG_HEADER_BYTES) throw corrupt("PNG without a header chunk");
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width === 0 || height === 0) damage = corrupt(`PNG of ${width} × ${height} pixels`);
  if (view.getUint16(26) !== 0) damage ??= corrupt("PNG packed or filtered by an unknown method");
  for (let at = 8; at + 8 <= data.length; ) {
    const type = ascii(data, at + 4, 4);
    const end = at + 12 + view.getUint32(at);
    if (type === "IEND") break;
    if (end > data.length) {
      if (type === "IDAT" || !hasPixels) damage ??= truncated(`in its ${type} chunk`);
      break;
    }
    if (type === "eXIf") exif ??= exifOrientation(data.subarray(at + 8, end - 4)) ?? 1;
    if (PNG_KEPT.includes(type)) {
      if (crc32(data.subarray(at + 4, end - 4)) !== view.getUint32(end - 4))
        damage ??= corrupt(`wrong sum in its ${type} chunk`);
      kept.push(data.subarray(at, end));
    }
    hasPixels ||= type === "IDAT";
    at = end;
  }
  const bytes = joined([...kept, PNG_END]); // Pillow needs no end chunk either
  return { kind: "PNG", bytes, width, height, orientation: exif ?? 1, ...(damage && { damage }) };
}

const WEBP_DROPPED: Record<string, number> = { ICCP: 0x20, EXIF: 0x08, "XMP ": 0x04 }; // chunk → its flag in VP8X

function webp(data: Bytes): Container {
  const view = viewOf(data);
  const end = 8 + view.getUint32(4, true);
  if (end > data.length) throw corrupt(`WebP announces ${end} bytes and has ${data.length}`);
  const kept = [data.slice(0, 12)];
  let exif: number | undefined;
  const opaque: Bytes[] = []; // of lossy pictures: in lossless ones engines use alpha although they are told of none
  let [hasAlpha, moves] = [false, false];
  let [width, height] = [0, 0];
  for (let at = 12; at + 8 <= end; ) {
    const type = ascii(data, at, 4);
    const length = view.getUint32(at + 4, true);
    const next = Math.min(at + 8 + length + (length % 2), end);
    const chunk = data.slice(at, next);
    const body = at + 8;
    const bare = chunk.slice(); // the chunk of a picture without alpha
    if (type === "EXIF") exif ??= exifOrientation(chunk.subarray(8)) ?? 1;
    else if (type === "VP8X") {
      chunk[8]! &= ~(0x20 | 0x08 | 0x04);
      bare[8] = chunk[8]! & ~0x10;
      moves = (chunk[8]! & 0x02) !== 0;
      [width, height] = [1 + uint24(data, body + 4), 1 + uint24(data, body + 7)];
    } else if (type === "VP8 " && width === 0)
      [width, height] = [view.getUint16(body + 6, true) & 0x3fff, view.getUint16(body + 8, true) & 0x3fff];
    else if (type === "VP8L" && width === 0) {
      const packed = view.getUint32(body + 1, true); // after the signature byte: 14 bits of width − 1, 14 of height − 1
      [width, height] = [1 + (packed & 0x3fff), 1 + ((packed >> 14) & 0x3fff)];
    }
    if (type === "ALPH") hasAlpha = true;
    if (!(type in WEBP_DROPPED)) {
      kept.push(chunk);
      if (type !== "ALPH") opaque.push(bare);
    }
    at = next;
  }
  if (width === 0 || height === 0) throw corrupt("WebP without a picture");
  const found = { kind: "WEBP", bytes: riff(kept), width, height, orientation: exif ?? 1, isHeldWhole: true } as const;
  return hasAlpha && !moves ? { ...found, opaque: riff([kept[0]!, ...opaque]) } : found;
}

function riff(parts: Bytes[]): Bytes {
  const bytes = joined(parts);
  viewOf(bytes).setUint32(4, bytes.length - 8, true);
  return bytes;
}

/** Passed on without its turns; they overrule EXIF, as in Pillow. */
function avif(data: Bytes): Container {
  const view = viewOf(data);
  for (let at = 0; at + 8 <= data.length; ) {
    const length = view.getUint32(at);
    if (length >= 8 && at + length > data.length) throw truncated(`in its ${ascii(data, at + 4, 4)} box`);
    if (length < 8) break; // 0: to the end; 1: a 64-bit length
    at += length;
  }
  let [width, height] = [0, 0]; // the largest picture that it declares
  const header = ascii(data, 0, Math.min(data.length, 65536));
  for (let at = header.indexOf("ispe"); at >= 0; at = header.indexOf("ispe", at + 4)) {
    const [w, h] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (w * h > width * height) [width, height] = [w, h];
  }
  if (width === 0 || height === 0) throw corrupt("AVIF without a size");
  return { kind: "AVIF", width, height, isHeldWhole: true, ...withoutTurns(data) };
}

function gif(data: Bytes): Container {
  const view = viewOf(data);
  const colours = (flags: number) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0); // bytes of a colour table
  const shared = colours(view.getUint8(10));
  let [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  let bytes = data;
  const found = () => ({ kind: "GIF", bytes, width, height, orientation: 1 }) as const;
  for (let at = 13 + shared; ; at++) {
    const block = data[at];
    if (block === undefined || block === 0x3b) return { ...found(), damage: corrupt("GIF without a picture") };
    const isPicture = block === 0x2c;
    if (isPicture) {
      const side = (offset: number) => view.getUint16(at + offset, true) + view.getUint16(at + offset + 4, true);
      [width, height] = [Math.max(width, side(1)), Math.max(height, side(3))]; // a picture may reach beyond its canvas
      if (shared + colours(view.getUint8(at + 9)) === 0) bytes = withGreys(data);
    }
    at += isPicture ? 11 + colours(view.getUint8(at + 9)) : 2;
    while (at < data.length && data[at] !== 0) at += 1 + data[at]!;
    if (isPicture) return at > data.length ? { ...found(), damage: truncated("in its pixels") } : found();
  }
}

/** A GIF without a colour table is grey, and is given one that says so: engines differ on what it is without. */
function withGreys(data: Bytes): Bytes {
  const header = data.slice(0, 13);
  header[10]! |= 0x87;
  return joined([header, Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)), data.subarray(13)]);
}

function bmp(data: Bytes): Container {
  const view = viewOf(data);
  const isOld = view.getUint32(14, true) === 12; // OS/2: 16-bit sizes
  const width = isOld ? view.getUint16(18, true) : view.getInt32(18, true);
  const height = isOld ? view.getUint16(20, true) : Math.abs(view.getInt32(22, true));
  const bits = view.getUint16(isOld ? 24 : 28, true);
  const isPlain = isOld || [0, 3].includes(view.getUint32(30, true)); // neither run lengths nor a JPEG inside
  const needed = view.getUint32(10, true) + Math.ceil((width * bits) / 32) * 4 * height;
  const damage = isPlain && needed > data.length ? { damage: truncated("in its pixels") } : {};
  return { kind: "BMP", bytes: data, width, height, orientation: 1, ...damage };
}

function brands(data: Bytes): string[] {
  const end = Math.min(viewOf(data).getUint32(0), data.length);
  return Array.from({ length: Math.max(0, (end - 16) >> 2) }, (_, i) => ascii(data, 16 + i * 4, 4));
}

function joined(parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function viewOf(data: Bytes): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

function ascii(data: Bytes, from: number, length: number): string {
  return new TextDecoder("latin1").decode(data.subarray(from, from + length));
}

function uint24(data: Bytes, at: number): number {
  return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
}

/** Lossless, arithmetic and hierarchical JPEG, and 12 bits: Pillow reads some of them, no browser does. */
function rareJpeg(): PhotoError {
  return new PhotoError(
    "unsupported",
    "The photo is a rare kind of JPEG, outside the contract. Save it as plain JPEG or PNG.",
  );
}

function truncated(where: string): PhotoError {
  return new PhotoError("truncated", `The photo ends early, ${where}. Copy it again from where it came.`);
}

function corrupt(what: string, cause?: unknown): PhotoError {
  return new PhotoError("corrupt", `The photo is damaged: ${what}. Export it again from its source.`, { cause });
}
