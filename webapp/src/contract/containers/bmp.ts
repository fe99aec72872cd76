/** BMP: its size, and whether all pixels are there. */

import type { Container } from "../container.ts";
import { type Bytes, viewOf } from "./bytes.ts";
import { truncated } from "./damage.ts";

export function bmp(data: Bytes): Container {
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
