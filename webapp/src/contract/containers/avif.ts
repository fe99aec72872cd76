/** AVIF: complete or truncated, and how large. */

import { withoutTurns } from "../avif.ts";
import type { Container } from "../container.ts";
import { ascii, type Bytes, viewOf } from "./bytes.ts";
import { corrupt, truncated } from "./damage.ts";

/** Passed on without its turns; they overrule EXIF, as in Pillow. */
export function avif(data: Bytes): Container {
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
