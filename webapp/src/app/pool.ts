/**
 * Workers that each do the whole of their photo: 200 photos in 18 s with two on two cores, 26–38 s with split roles.
 *
 * The first worker loads the model when the pool opens; the others when there is work for them, from the browser's cache.
 */

import type { Spec } from "../contract/spec.ts";
import type { Classified } from "../worker/calls.ts";
import { Client } from "../worker/client.ts";

const MOST_WORKERS = 4; // a 12-megapixel photo takes 150 MB while it is read

/** Which model a pool runs, and how. */
export interface PoolOptions {
  readonly start: () => Worker;
  readonly bundle: string; // address
  readonly spec: Spec;
  readonly key: string; // of the model file, "tfjs-fp32"
  readonly thumbnail: number; // pixels
}

interface Waiting {
  readonly photo: Blob;
  readonly signal: AbortSignal;
  resolve(answer: Classified): void;
  reject(error: unknown): void;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #size = Math.max(1, Math.min(navigator.hardwareConcurrency || 1, MOST_WORKERS));
  readonly #clients = new Set<Client>();
  readonly #queue: Waiting[] = [];
  #lanes = 0;
  #idle: Client[] = [];

  private constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Load the model in the first worker. Throws what the runtime throws. */
  static async open(options: PoolOptions, signal?: AbortSignal): Promise<Pool> {
    const pool = new Pool(options);
    try {
      pool.#idle.push(await pool.#start(signal));
      return pool;
    } catch (error) {
      pool.close();
      throw error;
    }
  }

  /** Classify a photo as soon as a worker is free. Rejects with a PhotoError, or at once with the signal's reason. */
  classify(photo: Blob, signal: AbortSignal): Promise<Classified> {
    const { promise, resolve, reject } = Promise.withResolvers<Classified>();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    this.#queue.push({ photo, signal, resolve, reject });
    if (this.#lanes < this.#size) void this.#work();
    return promise;
  }

  /** End every worker. */
  close(): void {
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }

  async #start(signal?: AbortSignal): Promise<Client> {
    const { start, bundle, spec, key } = this.#options;
    const client = new Client(start());
    this.#clients.add(client);
    await client.call("load", { bundle, spec, key }, signal);
    return client;
  }

  /** One lane: a worker that takes photos until none wait. */
  async #work(): Promise<void> {
    this.#lanes++;
    let client = this.#idle.pop();
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      const { photo, signal, resolve, reject } = next;
      if (signal.aborted) continue;
      try {
        client ??= await this.#start();
        resolve(await client.call("classify", { photo, thumbnail: this.#options.thumbnail }));
      } catch (error) {
        reject(error);
        if (client?.isBroken) client = undefined; // it ran out of memory on this photo: the next one gets a fresh worker
      }
    }
    if (client) this.#idle.push(client);
    this.#lanes--;
  }
}
