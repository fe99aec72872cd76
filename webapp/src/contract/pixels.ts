/**
 * Upright RGB pixels as a view: the decoder's RGBA buffer, seen through EXIF orientation without copying it.
 *
 * Channel c of the upright pixel (x, y) is `data[origin + x * stepX + y * stepY + c]`.
 */

export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly origin: number; // index of the upper left pixel's red
  readonly stepX: number; // indices from a pixel to its right neighbour
  readonly stepY: number; // indices from a pixel to the one below it
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
export function toRgb({ data, width, height, origin, stepX, stepY }: Pixels): Uint8Array<ArrayBuffer> {
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

/** One channel with alpha, over white: round((c·a + 255·(255 − a)) / 255). */
export function overWhite(colour: number, alpha: number): number {
  if (alpha === 255) return colour;
  return Math.floor((2 * (colour * alpha + 255 * (255 - alpha)) + 255) / 510);
}
