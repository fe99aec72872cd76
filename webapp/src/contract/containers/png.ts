/** PNG: the header, the palette, the transparency and the pixels stay, each with its sum compared. */

import type { Container } from "../container.ts";
import { crc32 } from "../crc.ts";
import type { PhotoError } from "../errors.ts";
import { exifOrientation, startsWith } from "../exif.ts";
import { ascii, type Bytes, joined, viewOf } from "./bytes.ts";
import { corrupt, truncated } from "./damage.ts";

const PNG_KEPT = ["IHDR", "PLTE", "tRNS", "IDAT"]; // without acTL an animation shows its still image

const PNG_HEADER_BYTES = 33; // signature and IHDR chunk

const PNG_END = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82); // an IEND chunk

export function png(data: Bytes): Container {
  const view = viewOf(data);
  const kept = [data.subarray(0, 8)];
  let exif: number | undefined;
  let damage: PhotoError | undefined;
  let hasPixels = false;
  if (!startsWith(data, "IHDR", 12) || data.length < PNG_HEADER_BYTES) throw corrupt("PNG without a header chunk");
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width === 0 || height === 0) damage = corrupt(`PNG of ${width} × ${height} pixels`);
  if (view.getUint16(26) !== 0) damage ??= corrupt("PNG packed or filtered by an unknown method");
  for (let at = 8; at + 8 <= data.length; ) {
    const type = ascii(data, at + 4, 4);
    const end = at + 12 + view.getUint32(at);
    if (type === "IEND") break;
    if (end > data.length) {
      if (type === "IDAT" || !hasPixels) damage ??= truncated(`in its ${type} chunk`);
      break;
    }
    if (type === "eXIf") exif ??= exifOrientation(data.subarray(at + 8, end - 4)) ?? 1;
    if (PNG_KEPT.includes(type)) {
      if (crc32(data.subarray(at + 4, end - 4)) !== view.getUint32(end - 4))
        damage ??= corrupt(`wrong sum in its ${type} chunk`);
      kept.push(data.subarray(at, end));
    }
    hasPixels ||= type === "IDAT";
    at = end;
  }
  const bytes = joined([...kept, PNG_END]); // Pillow needs no end chunk either
  return { kind: "PNG", bytes, width, height, orientation: exif ?? 1, ...(damage && { damage }) };
}
