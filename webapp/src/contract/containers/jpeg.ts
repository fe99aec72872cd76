/** JPEG: profiles, EXIF, XMP and comments go; what says how colours are stored stays. */

import type { Container } from "../container.ts";
import { PhotoError } from "../errors.ts";
import { exifOrientation, startsWith } from "../exif.ts";
import { type Bytes, joined, viewOf } from "./bytes.ts";
import { corrupt, truncated } from "./damage.ts";

export function jpeg(data: Bytes): Container {
  const view = viewOf(data);
  const kept = [data.subarray(0, 2)];
  let exif: number | undefined;
  let damage: PhotoError | undefined;
  let [width, height, isHeldWhole] = [0, 0, false];
  for (let at = 2; ; ) {
    if (at + 4 > data.length) throw truncated("in its header");
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff || marker === 0xff || marker === 0) {
      at++; // stray bytes and padding between segments, as every decoder skips them
      continue;
    }
    if (marker === 0xda) {
      if (width === 0) throw corrupt("JPEG data without a frame header");
      const bytes = joined([...kept, data.subarray(at)]);
      if (!hasEnd(data, at)) damage ??= truncated("before its end marker");
      return { kind: "JPEG", bytes, width, height, orientation: exif ?? 1, isHeldWhole, ...(damage && { damage }) };
    }
    const end = marker >= 0xd0 && marker <= 0xd8 ? at + 2 : at + 2 + view.getUint16(at + 2);
    if (end > data.length) throw truncated("in its header");
    const segment = data.subarray(at, end);
    if (marker === 0xe1) {
      if (startsWith(segment, "Exif\0\0", 4)) exif ??= exifOrientation(segment.subarray(4)) ?? 1;
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      isHeldWhole = marker === 0xc2; // progressive
      if (marker > 0xc2 || view.getUint8(at + 4) !== 8) damage = rareJpeg();
    }
    // JFIF (APP0) and Adobe (APP14) say how colours are stored; every other application segment and comment goes.
    const isExtra = (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
    if (!isExtra || marker === 0xe0 || marker === 0xee) kept.push(segment);
    at = end;
  }
}

/** Whether an end-of-image marker follows; in coded data 0xff is always followed by 0 or a restart marker. */
function hasEnd(data: Bytes, from: number): boolean {
  for (let at = data.indexOf(0xff, from); at >= 0; at = data.indexOf(0xff, at + 1))
    if (data[at + 1] === 0xd9) return true;
  return false;
}

/** Lossless, arithmetic and hierarchical JPEG, and 12 bits: Pillow reads some of them, no browser does. */
function rareJpeg(): PhotoError {
  return new PhotoError(
    "unsupported",
    "The photo is a rare kind of JPEG, outside the contract. Save it as plain JPEG or PNG.",
  );
}
