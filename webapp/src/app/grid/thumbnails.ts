/** The small pictures, 10 kB each: the newest are kept in memory, older ones made again when they are scrolled to. */

import type { Engine } from "../models/engine.ts";
import type { Item } from "../session.ts";

const MOST_BYTES = 12 * 2 ** 20; // about 1,200 pictures

export class Thumbnails {
  readonly #engine: Engine;
  readonly #kept = new Map<number, Blob>(); // the one used longest ago comes first
  #bytes = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  put(id: number, picture: Blob): void {
    this.#forget(id);
    this.#kept.set(id, picture);
    this.#bytes += picture.size;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#forget(oldest);
    }
  }

  /** The picture of an answered photo, made anew where it was let go. Rejects where it can't be read any more. */
  async get(item: Item, signal: AbortSignal): Promise<Blob> {
    const kept = this.#kept.get(item.id) ?? (await this.#engine.pool?.thumbnail(item.file, signal));
    if (!kept) throw new Error("no model is open");
    this.put(item.id, kept);
    return kept;
  }

  /** What is kept, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  #forget(id: number): void {
    this.#bytes -= this.#kept.get(id)?.size ?? 0;
    this.#kept.delete(id);
  }
}
