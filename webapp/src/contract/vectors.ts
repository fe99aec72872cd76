/** What the kernels on 128-bit vectors share: each is a small module of WebAssembly, in base64, with a memory of its own. */

const PAGE = 2 ** 16;

/** A module's exports; null where the browser has no WebAssembly, or none with vectors. */
export function instantiate<Exports>(base64: string): Exports | null {
  try {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Exports;
  } catch {
    return null;
  }
}

/** Make a memory hold `bytes` at least. Throws RangeError where there is no more to be had. */
export function grow(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing > 0) memory.grow(missing);
}
