/**
 * Stage 1 of 4: a photo's bytes → upright RGB. The port of `safelight/decode.py`, on the browser's own decoders.
 *
 * After the container filter they are bit-identical to Pillow for JPEG, WebP, GIF and BMP, and PNG is decoded by us;
 * docs/bundle.md names the rest. A photo that can't be read throws the PhotoError whose `reason` says why.
 */

import { type Container, filter } from "./container.ts";
import { messageOf, PhotoError, RuntimeUnavailable } from "./errors.ts";
import { oriented, overWhite, type Photo, type Pixels, packed, uprightPlanes } from "./pixels.ts";
import { decodePlanes } from "./planes.ts";
import { decodePng } from "./png.ts";

/** What a photo may cost; checked on the header, before decoding. */
export interface Limits {
  readonly pixels: number; // width × height; half of it for WebP, AVIF and progressive JPEG
  readonly bytes: number; // of the file
}

export const DEFAULT_LIMITS: Limits = { pixels: 100_000_000, bytes: 256 * 2 ** 20 };

/** The suffixes that a folder's photos have; other files in it are passed over. */
export const SUFFIXES: ReadonlySet<string> = new Set([
  ...[".jpg", ".jpeg", ".jfif", ".png", ".webp", ".avif", ".gif", ".bmp"],
]);

const SAMPLE = 16; // pixels a side of the picture that tells whether a canvas is honest
const CANVAS_PIXELS = 2 ** 24; // the smallest limit of a canvas's area in use, iOS: larger photos are read in bands

/** Decode a file's bytes to upright RGB. Throws PhotoError, or RuntimeUnavailable where canvases lie. */
export async function decode(data: Uint8Array<ArrayBuffer>, limits: Limits = DEFAULT_LIMITS): Promise<Photo> {
  checkBytes(data.length, limits);
  const container = filter(data);
  const { width, height } = container;
  const limit = container.isHeldWhole ? Math.floor(limits.pixels / 2) : limits.pixels;
  if (width * height > limit)
    throw new PhotoError(
      "too-large",
      `The photo has ${width} × ${height} pixels, more than the limit of ${limit} for its kind. Shrink it first.`,
    );
  if (container.damage) throw container.damage;
  if (container.kind === "PNG") return oriented(await decodePng(container.bytes), container.orientation);
  const planes = container.kind === "JPEG" ? await decodePlanes(container.bytes) : undefined;
  if (planes) return uprightPlanes(planes, container.orientation);
  return oriented(await byBrowser(container, await wayBack()), container.orientation);
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

/** The pixels of an opaque bitmap that is upright already, such as a video's frame. Closes it. Throws RuntimeUnavailable where canvases lie. */
export async function fromBitmap(bitmap: ImageBitmap): Promise<Pixels> {
  const readBack = await wayBack();
  return readBack(bitmap);
}

/** A way to get a bitmap's RGBA back, over a colour or as it is; it closes the bitmap. */
type ReadBack = (bitmap: ImageBitmap, background?: "#fff") => Promise<Pixels>;

/** Pixels as stored, by the browser's decoder. */
async function byBrowser({ kind, bytes, opaque }: Container, readBack: ReadBack): Promise<Pixels> {
  const type = `image/${kind.toLowerCase()}`;
  if (!opaque) return readBack(await toBitmap(bytes, type), "#fff"); // alpha over white is exact in Chromium, ±1 elsewhere
  // A canvas multiplies colours by alpha and loses some: they come from the picture without alpha, alpha from the other.
  const colours = await readBack(await toBitmap(opaque, type), "#fff");
  const { data: alphas } = await readBack(await toBitmap(bytes, type));
  const { data } = colours;
  for (let i = 0; i < data.length; i += 4) {
    const alpha = alphas[i + 3]!;
    if (alpha === 255) continue;
    for (let channel = i; channel < i + 3; channel++) data[channel] = overWhite(data[channel]!, alpha);
  }
  return colours;
}

const AS_STORED: ImageBitmapOptions = {
  imageOrientation: "none",
  colorSpaceConversion: "none",
  premultiplyAlpha: "none",
};

async function toBitmap(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(new Blob([bytes], { type }), AS_STORED);
  } catch (error) {
    const why = messageOf(error);
    throw new PhotoError("corrupt", `The photo is damaged: ${why} Export it again from its source.`, { cause: error });
  }
}

/** From a canvas, in bands. */
async function fromCanvas(bitmap: ImageBitmap, background?: "#fff"): Promise<Pixels> {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.max(1, Math.floor(CANVAS_PIXELS / width)));
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new RuntimeUnavailable(`This browser gives no canvas of ${width} × ${rows} pixels to decode in.`);
  const band = (top: number): Uint8ClampedArray => {
    context.clearRect(0, 0, width, rows);
    if (background) {
      context.fillStyle = background;
      context.fillRect(0, 0, width, rows);
    }
    context.drawImage(bitmap, 0, -top);
    return context.getImageData(0, 0, width, Math.min(rows, height - top)).data;
  };
  try {
    if (rows === height) return packed(band(0), width, height, 4);
    const data = new Uint8ClampedArray(width * height * 4);
    for (let top = 0; top < height; top += rows) data.set(band(top), top * width * 4);
    return packed(data, width, height, 4);
  } finally {
    bitmap.close();
  }
}

/** From a video frame, which no canvas has touched. */
async function fromFrame(bitmap: ImageBitmap, background?: "#fff"): Promise<Pixels> {
  const { width, height } = bitmap;
  const frame = new VideoFrame(bitmap, { timestamp: 0 });
  bitmap.close();
  try {
    const data = new Uint8ClampedArray(width * height * 4);
    await frame.copyTo(data, { format: "RGBA" });
    for (let i = 0; background && i < data.length; i += 4) {
      const alpha = data[i + 3]!;
      if (alpha === 255) continue;
      for (let channel = i; channel < i + 3; channel++) data[channel] = overWhite(data[channel]!, alpha);
    }
    return packed(data, width, height, 4);
  } finally {
    frame.close();
  }
}

let way: Promise<ReadBack> | undefined;

/**
 * The way that gives pixels back unchanged. Browsers that resist fingerprinting return noise from canvases, without an
 * error, so known pixels go through first; frames are the way round. Throws RuntimeUnavailable where both lie.
 */
function wayBack(): Promise<ReadBack> {
  way ??= (async () => {
    for (const each of [fromCanvas, fromFrame]) if (await isHonest(each)) return each;
    throw new RuntimeUnavailable(
      "This browser changes the pixels that a page reads from a canvas, to resist fingerprinting, so every answer would " +
        "be wrong. Allow canvas data for this site, use PNG files, or use another browser.",
    );
  })();
  return way;
}

async function isHonest(readBack: ReadBack): Promise<boolean> {
  const wrote = new ImageData(SAMPLE, SAMPLE);
  for (let i = 0; i < wrote.data.length; i++) wrote.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256;
  try {
    const { data } = await readBack(await createImageBitmap(wrote, AS_STORED), "#fff");
    return wrote.data.every((value, i) => value === data[i]);
  } catch (error) {
    console.debug("No way back:", error); // no VideoFrame, or not of RGBA
    return false;
  }
}
