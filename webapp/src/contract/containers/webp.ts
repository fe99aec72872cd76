/** WebP: profile, EXIF and XMP go; of a lossy still with alpha there is a copy without it. */

import type { Container } from "../container.ts";
import { exifOrientation } from "../exif.ts";
import { ascii, type Bytes, joined, uint24, viewOf } from "./bytes.ts";
import { corrupt } from "./damage.ts";

const WEBP_DROPPED: Record<string, number> = { ICCP: 0x20, EXIF: 0x08, "XMP ": 0x04 }; // chunk → its flag in VP8X

export function webp(data: Bytes): Container {
  const view = viewOf(data);
  const end = 8 + view.getUint32(4, true);
  if (end > data.length) throw corrupt(`WebP announces ${end} bytes and has ${data.length}`);
  const kept = [data.slice(0, 12)];
  let exif: number | undefined;
  const opaque: Bytes[] = []; // of lossy pictures: in lossless ones engines use alpha although they are told of none
  let [hasAlpha, moves] = [false, false];
  let [width, height] = [0, 0];
  for (let at = 12; at + 8 <= end; ) {
    const type = ascii(data, at, 4);
    const length = view.getUint32(at + 4, true);
    const next = Math.min(at + 8 + length + (length % 2), end);
    const chunk = data.slice(at, next);
    const body = at + 8;
    const bare = chunk.slice(); // the chunk of a picture without alpha
    if (type === "EXIF") exif ??= exifOrientation(chunk.subarray(8)) ?? 1;
    else if (type === "VP8X") {
      chunk[8]! &= ~(0x20 | 0x08 | 0x04);
      bare[8] = chunk[8]! & ~0x10;
      moves = (chunk[8]! & 0x02) !== 0;
      [width, height] = [1 + uint24(data, body + 4), 1 + uint24(data, body + 7)];
    } else if (type === "VP8 " && width === 0)
      [width, height] = [view.getUint16(body + 6, true) & 0x3fff, view.getUint16(body + 8, true) & 0x3fff];
    else if (type === "VP8L" && width === 0) {
      const packed = view.getUint32(body + 1, true); // after the signature byte: 14 bits of width − 1, 14 of height − 1
      [width, height] = [1 + (packed & 0x3fff), 1 + ((packed >> 14) & 0x3fff)];
    }
    if (type === "ALPH") hasAlpha = true;
    if (!(type in WEBP_DROPPED)) {
      kept.push(chunk);
      if (type !== "ALPH") opaque.push(bare);
    }
    at = next;
  }
  if (width === 0 || height === 0) throw corrupt("WebP without a picture");
  const found = { kind: "WEBP", bytes: riff(kept), width, height, orientation: exif ?? 1, isHeldWhole: true } as const;
  return hasAlpha && !moves ? { ...found, opaque: riff([kept[0]!, ...opaque]) } : found;
}

function riff(parts: Bytes[]): Bytes {
  const bytes = joined(parts);
  viewOf(bytes).setUint32(4, bytes.length - 8, true);
  return bytes;
}
