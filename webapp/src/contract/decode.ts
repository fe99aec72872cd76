/**
 * Stage 1 of 4: a photo's bytes → upright RGB. The port of `safelight/decode.py`, on the browser's own decoders.
 *
 * After the container filter they are bit-identical to Pillow for JPEG, 8-bit PNG, WebP, GIF and BMP; docs/bundle.md
 * names the rest. A photo that can't be read throws the PhotoError whose `reason` says why.
 */

import { type Container, filter } from "./container.ts";
import { messageOf, PhotoError, RuntimeUnavailable } from "./errors.ts";
import { oriented, type Pixels, packed } from "./pixels.ts";
import { decodePng } from "./png.ts";

/** What a photo may cost; checked on the header, before decoding. */
export interface Limits {
  readonly pixels: number; // width × height
  readonly bytes: number; // of the file
}

export const DEFAULT_LIMITS: Limits = { pixels: 100_000_000, bytes: 256 * 2 ** 20 };

/** The suffixes that a folder's photos have; other files in it are passed over. */
export const SUFFIXES: ReadonlySet<string> = new Set([
  ...[".jpg", ".jpeg", ".jfif", ".png", ".webp", ".avif", ".gif", ".bmp"],
]);

const CANVAS_PIXELS = 2 ** 24; // the smallest limit of a canvas's area in use, iOS: larger photos are read in bands

/** Decode a file's bytes to upright RGB. Throws PhotoError, or RuntimeUnavailable where canvases lie. */
export async function decode(data: Uint8Array<ArrayBuffer>, limits: Limits = DEFAULT_LIMITS): Promise<Pixels> {
  checkBytes(data.length, limits);
  const container = filter(data);
  const { width, height } = container;
  if (width * height > limits.pixels)
    throw new PhotoError(
      "too-large",
      `The photo has ${width} × ${height} pixels, more than the limit of ${limits.pixels}. Shrink it first.`,
    );
  if (container.damage) throw container.damage;
  if (container.kind === "PNG") return oriented(await decodePng(container.bytes), container.orientation);
  checkCanvas();
  const bitmap = await toBitmap(container);
  try {
    return oriented(overWhite(bitmap), container.orientation);
  } finally {
    bitmap.close();
  }
}

/** A photo's bytes. Throws PhotoError: too-large, or unreadable. */
export async function read(file: Blob, limits: Limits = DEFAULT_LIMITS): Promise<Uint8Array<ArrayBuffer>> {
  checkBytes(file.size, limits);
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    const why = messageOf(error);
    throw new PhotoError("unreadable", `The file can't be read: ${why} Check its permissions.`, { cause: error });
  }
}

function checkBytes(bytes: number, limits: Limits): void {
  if (bytes > limits.bytes)
    throw new PhotoError(
      "too-large",
      `The file has ${bytes} bytes, more than the limit of ${limits.bytes}. Shrink it first.`,
    );
}

async function toBitmap({ kind, bytes }: Container): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(new Blob([bytes], { type: `image/${kind.toLowerCase()}` }), {
      imageOrientation: kind === "AVIF" ? "from-image" : "none", // AVIF turns by irot and imir, which the filter leaves
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch (error) {
    const why = messageOf(error);
    throw new PhotoError("corrupt", `The photo is damaged: ${why} Export it again from its source.`, { cause: error });
  }
}

/** Read a bitmap back, alpha over white: (2·(c·a + 255·(255−a)) + 255) / 510 in integers, as Chromium's canvas does. */
function overWhite(bitmap: ImageBitmap): Pixels {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.max(1, Math.floor(CANVAS_PIXELS / width)));
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new RuntimeUnavailable(`This browser gives no canvas of ${width} × ${rows} pixels to decode in.`);
  const band = (top: number): Uint8ClampedArray => {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    return context.getImageData(0, 0, width, Math.min(rows, height - top)).data;
  };
  if (rows === height) return packed(band(0), width, height, 4);
  const data = new Uint8ClampedArray(width * height * 4);
  for (let top = 0; top < height; top += rows) data.set(band(top), top * width * 4);
  return packed(data, width, height, 4);
}

let canvasIsHonest: boolean | undefined;

/** Browsers that resist fingerprinting return noise from canvases, without an error: write pixels, read them back. */
function checkCanvas(): void {
  canvasIsHonest ??= (() => {
    const context = new OffscreenCanvas(16, 16).getContext("2d", { willReadFrequently: true });
    const wrote = new ImageData(16, 16);
    for (let i = 0; i < wrote.data.length; i++) wrote.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256;
    context?.putImageData(wrote, 0, 0);
    const came = context?.getImageData(0, 0, 16, 16).data;
    return came?.every((value, i) => value === wrote.data[i]) ?? false;
  })();
  if (!canvasIsHonest)
    throw new RuntimeUnavailable(
      "This browser changes the pixels that a page reads from a canvas, to resist fingerprinting, so every answer would " +
        "be wrong. Allow canvas data for this site, or use another browser.",
    );
}
