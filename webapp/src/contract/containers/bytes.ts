/** Reading numbers and letters out of bytes, and joining them. */

export type Bytes = Uint8Array<ArrayBuffer>;

export function joined(parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function viewOf(data: Bytes): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

export function ascii(data: Bytes, from: number, length: number): string {
  return new TextDecoder("latin1").decode(data.subarray(from, from + length));
}

export function uint24(data: Bytes, at: number): number {
  return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
}
