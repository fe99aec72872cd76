/** A picture drawn from shapes and written as PNG, so that the build needs no image library. */

import { crc32, deflateSync } from "node:zlib";

export type Color = readonly [red: number, green: number, blue: number];

/** A shape in the units of the drawing: whether a point lies inside it. */
export interface Shape {
  readonly color: Color;
  covers(x: number, y: number): boolean;
}

const SAMPLES = 4; // a side, per pixel that an edge runs through
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const RGBA = 6;

/** The shapes, later ones on top, on a square of `size` pixels that shows `view` = [left, top, side] of the drawing. */
export function draw(
  shapes: readonly Shape[],
  size: number,
  [left, top, side]: readonly [number, number, number],
): Buffer {
  const pixels = new Uint8Array(size * size * 4);
  const pixel = side / size;
  const at = (column: number, row: number) => {
    const [x, y] = [left + column * pixel, top + row * pixel];
    return shapes.findLast((each) => each.covers(x, y));
  };
  const corners = Array.from({ length: (size + 1) ** 2 }, (_, i) => at(i % (size + 1), Math.floor(i / (size + 1))));
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const corner = row * (size + 1) + column;
      const [first, ...others] = [0, 1, size + 1, size + 2].map((step) => corners[corner + step]);
      const isPlain = others.every((other) => other === first); // no shape is thinner than a pixel
      pixels.set(mean(isPlain ? [first] : samples((x, y) => at(column + x, row + y))), (row * size + column) * 4);
    }
  return encode(pixels, size);
}

function samples<T>(at: (x: number, y: number) => T): T[] {
  return Array.from({ length: SAMPLES * SAMPLES }, (_, index) =>
    at(((index % SAMPLES) + 0.5) / SAMPLES, (Math.floor(index / SAMPLES) + 0.5) / SAMPLES),
  );
}

/** RGBA of a pixel: the mean colour where there is one, and how much of the pixel that is. */
function mean(seen: readonly (Shape | undefined)[]): number[] {
  const colors = seen.flatMap((shape) => (shape ? [shape.color] : []));
  const channels = ([0, 1, 2] as const).map((channel) => {
    const sum = colors.reduce((total, color) => total + color[channel], 0);
    return colors.length > 0 ? Math.round(sum / colors.length) : 0;
  });
  return [...channels, Math.round((255 * colors.length) / seen.length)];
}

/** RGBA [size, size, 4] as a PNG file. */
function encode(pixels: Uint8Array, size: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, RGBA, 0, 0, 0], 8);
  const rows = Array.from({ length: size }, (_, row) =>
    Buffer.concat([Buffer.from([0]), pixels.subarray(row * size * 4, (row + 1) * size * 4)]),
  );
  const data = deflateSync(Buffer.concat(rows), { level: 9 });
  return Buffer.concat([SIGNATURE, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
