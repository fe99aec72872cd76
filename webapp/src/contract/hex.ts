/** Bytes in hexadecimal: "0a ff" with a space between, "0aff" without. */
export function hex(bytes: Uint8Array, between = ""): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(between);
}
