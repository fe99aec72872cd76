/** CRC-32 as PNG chunks carry it. */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

/** Of `data`, or of what `before` is the checksum of with `data` after it. */
export function crc32(data: Uint8Array, before = 0): number {
  let rest = ~before;
  for (let i = 0; i < data.length; i++) rest = TABLE[(rest ^ data[i]!) & 255]! ^ (rest >>> 8);
  return ~rest >>> 0;
}
