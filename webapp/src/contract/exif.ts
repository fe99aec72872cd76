/** EXIF orientation, read from the raw block: browsers disagree on which containers they read it from. XMP is not asked. */

const ORIENTATION = 0x0112;
const BYTES_OF: Record<number, 1 | 2 | 4> = { 1: 1, 3: 2, 4: 4 }; // TIFF types byte, short, long

/** The orientation of a TIFF block ("II*\0…" or "MM\0*…", with or without "Exif\0\0"), undefined where it has none. */
export function exifOrientation(block: Uint8Array): number | undefined {
  const tiff = startsWith(block, "Exif\0\0") ? block.subarray(6) : block;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = startsWith(tiff, "II");
  if (tiff.length < 8 || !(little || startsWith(tiff, "MM"))) return undefined;
  const ifd = view.getUint32(4, little);
  if (ifd + 2 > tiff.length) return undefined;
  const entries = view.getUint16(ifd, little);
  for (let entry = ifd + 2, i = 0; i < entries && entry + 12 <= tiff.length; i++, entry += 12) {
    if (view.getUint16(entry, little) !== ORIENTATION) continue;
    const bytes = BYTES_OF[view.getUint16(entry + 2, little)];
    if (bytes === 1) return view.getUint8(entry + 8);
    if (bytes === 2) return view.getUint16(entry + 8, little);
    if (bytes === 4) return view.getUint32(entry + 8, little);
  }
  return undefined;
}

export function startsWith(data: Uint8Array, ascii: string, from = 0): boolean {
  for (let i = 0; i < ascii.length; i++) if (data[from + i] !== ascii.charCodeAt(i)) return false;
  return true;
}
