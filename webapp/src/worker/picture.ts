/** Small pictures of a photo for the page. Not part of the contract: nearby pixels are sampled, not filtered. */

import { oriented, type Photo, type Pixels, type Planar } from "../contract/pixels.ts";

const SAMPLES = 3; // at most, per side of a new pixel
const JPEG = { thumbnail: 0.72, preview: 0.9 }; // quality: a thumbnail of 256 × 256 takes 10 kB

/** The photo's middle square as a JPEG of at most `side` pixels a side. */
export function thumbnail(photo: Photo, side: number): Promise<Blob> {
  const square = Math.min(photo.width, photo.height);
  const size = Math.min(side, square);
  return jpeg(sample(photo, square, square, size, size), JPEG.thumbnail);
}

/** The whole photo as a JPEG, its longer side at most `side` pixels. */
export function preview(photo: Photo, side: number): Promise<Blob> {
  const scale = Math.min(1, side / Math.max(photo.width, photo.height));
  const [width, height] = [photo.width, photo.height].map((each) => Math.max(1, Math.round(each * scale)));
  return jpeg(sample(photo, photo.width, photo.height, width!, height!), JPEG.preview);
}

function jpeg(image: ImageData, quality: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d", { willReadFrequently: true }); // in memory, not on a GPU that has to hand it back
  if (!context) throw new Error("no canvas to draw a picture on");
  context.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: "image/jpeg", quality });
}

/** The photo's centre [down, across] at [height, width]. */
function sample(photo: Photo, across: number, down: number, width: number, height: number): ImageData {
  const samples = Math.min(SAMPLES, Math.ceil(Math.max(across / width, down / height)));
  const columns = places(photo.width, across, width * samples);
  const rows = places(photo.height, down, height * samples);
  const image = new ImageData(width, height);
  const rgba = image.data.fill(255);
  if ("planes" in photo) drawPlanes(photo, columns, rows, samples, rgba);
  else drawPixels(photo, columns, rows, samples, rgba);
  return image;
}

/** Which pixels along a side of `length` are the `count` samples of its middle `kept`. */
function places(length: number, kept: number, count: number): Int32Array {
  const first = (length - kept) >> 1;
  return Int32Array.from({ length: count }, (_, i) => first + Math.floor(((i + 0.5) * kept) / count));
}

type Draw<P extends Photo> = (
  photo: P,
  columns: Int32Array,
  rows: Int32Array,
  samples: number,
  rgba: Uint8ClampedArray,
) => void;

const drawPixels: Draw<Pixels> = ({ data, origin, stepX, stepY }, columns, rows, samples, rgba) => {
  const count = samples ** 2;
  for (let top = 0, to = 0; top < rows.length; top += samples)
    for (let left = 0; left < columns.length; left += samples, to += 4) {
      let [red, green, blue] = [0, 0, 0];
      for (let j = top; j < top + samples; j++)
        for (let i = left; i < left + samples; i++) {
          const at = origin + rows[j]! * stepY + columns[i]! * stepX;
          red += data[at]!;
          green += data[at + 1]!;
          blue += data[at + 2]!;
        }
      rgba[to] = red / count;
      rgba[to + 1] = green / count;
      rgba[to + 2] = blue / count;
    }
};

/** Luma of every sample, chroma of the last one: the eye does not see the difference in a small picture. */
const drawPlanes: Draw<Planar> = ({ planes, orientation }, columns, rows, samples, rgba) => {
  const { data, y, cb, cr } = planes;
  const [acrossShift, downShift] = [Number(planes.halvedAcross), Number(planes.halvedDown)];
  const luma = { data, width: planes.width, height: planes.height, origin: 0, stepX: 1, stepY: y.stride };
  const { origin, stepX, stepY } = oriented(luma, orientation);
  const count = samples ** 2;
  for (let top = 0, to = 0; top < rows.length; top += samples)
    for (let left = 0; left < columns.length; left += samples, to += 4) {
      let [sum, at] = [0, 0];
      for (let j = top; j < top + samples; j++)
        for (let i = left; i < left + samples; i++) {
          at = origin + rows[j]! * stepY + columns[i]! * stepX;
          sum += data[y.offset + at]!;
        }
      const line = Math.floor(at / y.stride);
      const [column, row] = [(at - line * y.stride) >> acrossShift, line >> downShift];
      const blue = data[cb.offset + row * cb.stride + column]! - 128;
      const red = data[cr.offset + row * cr.stride + column]! - 128;
      const grey = sum / count;
      rgba[to] = grey + 1.402 * red;
      rgba[to + 1] = grey - 0.344 * blue - 0.714 * red;
      rgba[to + 2] = grey + 1.772 * blue;
    }
};
