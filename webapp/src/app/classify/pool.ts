/**
 * Workers that each do the whole of their photo: 200 photos in 18 s with two on two cores, 26–38 s with split roles.
 *
 * The first worker loads the model when the pool opens; the others when there is work for them, from the browser's cache.
 */

import { SafelightError } from "../../contract/errors.ts";
import type { Spec } from "../../contract/spec.ts";
import type { Call, Classified, Framed, Job, Looked, Result } from "../../worker/calls.ts";
import { Client } from "../../worker/client.ts";

const THUMBNAIL = 256; // pixels a side
const PREVIEW = 1600; // pixels of the longer side
const MOST_WORKERS = 8;
const MEMORY = 1; // GB of the device for each worker: reading a 12-megapixel photo takes 150 MB, and phones close greedy pages

/** Which model a pool runs, and how. */
export interface PoolOptions {
  readonly start: () => Worker;
  readonly bundle: string; // address
  readonly spec: Spec;
  readonly key: string; // of the model file, "tfjs-fp32"
}

interface Waiting {
  readonly call: Call;
  readonly job: Job<Call>;
  readonly signal: AbortSignal;
  resolve(result: Result<Call>): void;
  reject(error: unknown): void;
}

export class Pool {
  readonly size = workersFor(navigator.hardwareConcurrency, (navigator as { deviceMemory?: number }).deviceMemory);
  readonly #options: PoolOptions;
  readonly #clients = new Set<Client>();
  readonly #urgent: Waiting[] = []; // what somebody looks at
  readonly #queue: Waiting[] = [];
  readonly #idle: Client[] = [];
  #lanes = 0;
  #starting: Promise<void> = Promise.resolve();
  #isClosed = false;

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
    return this.#ask(this.#queue, "classify", { photo, side: THUMBNAIL }, signal);
  }

  /** A photo's small picture, before any photo that waits to be classified. */
  async thumbnail(photo: Blob, signal: AbortSignal): Promise<Blob> {
    return (await this.#ask(this.#urgent, "thumbnail", { photo, side: THUMBNAIL }, signal)).thumbnail;
  }

  /** All there is to see of a photo, before any photo that waits to be classified. */
  look(photo: Blob, signal: AbortSignal): Promise<Looked> {
    return this.#ask(this.#urgent, "look", { photo, side: PREVIEW }, signal);
  }

  /** Classify a video's frame, before any photo that waits. The bitmap is used up. */
  frame(frame: ImageBitmap, signal: AbortSignal): Promise<Framed> {
    return this.#ask(this.#urgent, "frame", { frame }, signal).finally(() => frame.close());
  }

  /** End every worker; what is under way is rejected. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }

  #ask<C extends Call>(queue: Waiting[], call: C, job: Job<C>, signal: AbortSignal): Promise<Result<C>> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<Result<C>>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    queue.push({ call, job, signal, resolve: resolve as Waiting["resolve"], reject });
    if (this.#lanes < this.size) void this.#work();
    return promise.finally(() => signal.removeEventListener("abort", abort));
  }

  /** A worker with the model. One after the other: of two that start at once, WebKit lets one go past the service worker. */
  #start(signal?: AbortSignal): Promise<Client> {
    const starting = this.#starting.then(() => this.#load(signal));
    this.#starting = starting.then(
      () => undefined,
      () => undefined,
    );
    return starting;
  }

  async #load(signal?: AbortSignal): Promise<Client> {
    if (this.#isClosed) throw new SafelightError("The pool was closed.");
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
    for (;;) {
      const next = this.#urgent.shift() ?? this.#queue.shift();
      if (!next) break;
      if (next.signal.aborted) continue;
      try {
        client ??= await this.#start();
        next.resolve(await client.call(next.call, next.job));
      } catch (error) {
        next.reject(error);
        if (client?.isBroken) {
          this.#clients.delete(client);
          client = undefined; // it ran out of memory on this photo: the next one gets a fresh worker
        }
      }
    }
    if (client) this.#idle.push(client);
    this.#lanes--;
  }
}

/** How many workers a device bears: one a core, fewer where memory is short. Browsers other than Chromium keep `memory` (GB) to themselves. */
export function workersFor(cores: number | undefined, memory = 4): number {
  return Math.max(1, Math.min(cores || 1, Math.floor(memory / MEMORY), MOST_WORKERS));
}
