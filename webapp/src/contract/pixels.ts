/**
 * Upright RGB pixels as a view: the decoder's RGBA buffer, seen through EXIF orientation without copying it.
 *
 * Channel c of the upright pixel (x, y) is `data[origin + x * stepX + y * stepY + c]`.
 */

import { type Planes, rgbaOf } from "./ycc.ts";

export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly origin: number; // index of the upper left pixel's red
  readonly stepX: number; // indices from a pixel to its right neighbour
  readonly stepY: number; // indices from a pixel to the one below it
}

/** An upright photo whose colours are still in planes: pixels are made of the part that is asked for. Good until the next photo. */
export interface Planar {
  readonly planes: Planes;
  readonly width: number; // upright
  readonly height: number;
  readonly orientation: number; // EXIF's, of the planes
}

export type Photo = Pixels | Planar;

/** The part of an upright photo whose upper left pixel is (left, top). Of planes, it is good until the next part is asked for. */
export function partOf(photo: Photo, left: number, top: number, width: number, height: number): Pixels {
  if (!("planes" in photo)) {
    const { origin, stepX, stepY } = photo;
    return { ...photo, width, height, origin: origin + left * stepX + top * stepY };
  }
  const { planes, orientation } = photo;
  const { origin, stepX, stepY } = places(planes, orientation);
  const first = origin + left * stepX + top * stepY;
  const last = first + (width - 1) * stepX + (height - 1) * stepY;
  const [x1, x2] = [first % planes.width, last % planes.width];
  const [y1, y2] = [Math.floor(first / planes.width), Math.floor(last / planes.width)];
  const [across, down] = [Math.abs(x1 - x2) + 1, Math.abs(y1 - y2) + 1];
  return oriented(rgbaOf(planes, Math.min(x1, x2), Math.min(y1, y2), across, down), orientation);
}

const NOTHING = new Uint8Array();

/** Where upright pixels lie among the stored ones, each of which is one index. */
function places({ width, height }: Planes, orientation: number): Pixels {
  return oriented(packed(NOTHING, width, height, 1), orientation);
}

/** Rows from the top, `channels` bytes a pixel (3 or 4; the fourth is ignored). */
export function packed(data: Uint8Array | Uint8ClampedArray, width: number, height: number, channels = 3): Pixels {
  return { data, width, height, origin: 0, stepX: channels, stepY: channels * width };
}

/** The upright view of stored pixels under EXIF `orientation`; 1 and unknown values change nothing. */
export function oriented(stored: Pixels, orientation: number): Pixels {
  const { data, width, height, origin, stepX, stepY } = stored;
  const right = origin + (width - 1) * stepX;
  const below = origin + (height - 1) * stepY;
  const corner = right + (height - 1) * stepY;
  const upright = (from: number, x: number, y: number): Pixels => ({ ...stored, origin: from, stepX: x, stepY: y });
  const turned = (from: number, x: number, y: number): Pixels => ({
    ...{ data, width: height, height: width, origin: from, stepX: x, stepY: y },
  });
  switch (orientation) {
    case 2:
      return upright(right, -stepX, stepY);
    case 3:
      return upright(corner, -stepX, -stepY);
    case 4:
      return upright(below, stepX, -stepY);
    case 5:
      return turned(origin, stepY, stepX);
    case 6:
      return turned(below, -stepY, stepX);
    case 7:
      return turned(corner, -stepY, -stepX);
    case 8:
      return turned(right, stepY, -stepX);
    default:
      return stored;
  }
}

/** A copy as rows of RGB, uint8 [H,W,3]. */
export function toRgb(photo: Photo): Uint8Array<ArrayBuffer> {
  const { data, width, height, origin, stepX, stepY } = partOf(photo, 0, 0, photo.width, photo.height);
  const rgb = new Uint8Array(width * height * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    let from = origin + y * stepY;
    for (let x = 0; x < width; x++, from += stepX) {
      rgb[to++] = data[from]!;
      rgb[to++] = data[from + 1]!;
      rgb[to++] = data[from + 2]!;
    }
  }
  return rgb;
}

/** Planes as an upright photo. */
export function uprightPlanes(planes: Planes, orientation: number): Planar {
  const { width, height } = places(planes, orientation);
  return { planes, width, height, orientation };
}

/** One channel with alpha, over white: round((c·a + 255·(255 − a)) / 255). */
export function overWhite(colour: number, alpha: number): number {
  if (alpha === 255) return colour;
  return Math.floor((2 * (colour * alpha + 255 * (255 - alpha)) + 255) / 510);
}
