/** Small pictures of a photo for the page. Not part of the contract: nearby pixels are sampled, not filtered. */

import type { Pixels } from "../contract/pixels.ts";

const SAMPLES = 4; // at most, per side of a new pixel: a 12-megapixel photo costs 5 ms instead of the exact resize's 100
const JPEG = { thumbnail: 0.72, preview: 0.9 }; // quality: a thumbnail of 256 × 256 takes 10 kB

/** The photo's middle square as a JPEG of at most `side` pixels a side. */
export function thumbnail(photo: Pixels, side: number): Promise<Blob> {
  const square = Math.min(photo.width, photo.height);
  const size = Math.min(side, square);
  const [left, top] = [(photo.width - square) >> 1, (photo.height - square) >> 1];
  const middle = {
    ...photo,
    origin: photo.origin + left * photo.stepX + top * photo.stepY,
    width: square,
    height: square,
  };
  return jpeg(sample(middle, size, size), JPEG.thumbnail);
}

/** The whole photo as a JPEG, its longer side at most `side` pixels. */
export function preview(photo: Pixels, side: number): Promise<Blob> {
  const scale = Math.min(1, side / Math.max(photo.width, photo.height));
  const [width, height] = [photo.width, photo.height].map((each) => Math.max(1, Math.round(each * scale)));
  return jpeg(sample(photo, width!, height!), JPEG.preview);
}

function jpeg(image: ImageData, quality: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas to draw a picture on");
  context.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: "image/jpeg", quality });
}

function sample(photo: Pixels, width: number, height: number): ImageData {
  const { data, origin, stepX, stepY } = photo;
  const samples = Math.min(SAMPLES, Math.ceil(Math.max(photo.width / width, photo.height / height)));
  const columns = places(photo.width, width * samples, stepX);
  const rows = places(photo.height, height * samples, stepY);
  const out = new Uint8ClampedArray(width * height * 4).fill(255);
  const count = samples ** 2;
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 4) {
      let [red, green, blue] = [0, 0, 0];
      for (let j = y * samples; j < (y + 1) * samples; j++)
        for (let i = x * samples; i < (x + 1) * samples; i++) {
          const at = origin + rows[j]! + columns[i]!;
          red += data[at]!;
          green += data[at + 1]!;
          blue += data[at + 2]!;
        }
      out[to] = red / count;
      out[to + 1] = green / count;
      out[to + 2] = blue / count;
    }
  return new ImageData(out, width, height);
}

/** Where each of `count` samples along `length` pixels lies in the data. */
function places(length: number, count: number, step: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * length) / count) * step);
}
