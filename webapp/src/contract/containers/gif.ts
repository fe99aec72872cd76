/** GIF: up to the end of its first picture. */

import type { Container } from "../container.ts";
import { type Bytes, joined, viewOf } from "./bytes.ts";
import { corrupt, truncated } from "./damage.ts";

export function gif(data: Bytes): Container {
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
