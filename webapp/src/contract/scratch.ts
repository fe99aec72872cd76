/**
 * Memory that one photo after the other uses. Fresh memory costs more than the work done in it: the first touch of 36 MB
 * takes 24 ms, filling it again 3. When no photo has come for a while it is let go, and the last photo's pixels with it.
 */

const IDLE = 2000; // ms

export class Scratch {
  #kept: ArrayBuffer | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `bytes` of memory with anything in them, the taker's until the next call. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    if (!this.#kept || this.#kept.byteLength < bytes) this.#kept = new ArrayBuffer(bytes);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#kept = undefined;
    }, IDLE);
    return new Uint8Array(this.#kept, 0, bytes);
  }
}
