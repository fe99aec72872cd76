/**
 * Workers that each do the whole of their photo: 200 photos in 18 s with two on two cores, 26–38 s with split roles.
 *
 * The first worker loads the model when the pool opens; the others when there is work for them, from the browser's cache.
 */

import { SafelightError } from "../../contract/errors.ts";
import type { InputSpec, Spec } from "../../contract/spec.ts";
import type { Source } from "../../runtimes/source.ts";
import type { Call, Classified, Framed, Job, Looked, Prepared, Result } from "../../worker/calls.ts";
import { Client } from "../../worker/client.ts";

const THUMBNAIL = 256; // pixels a side
const PREVIEW = 1600; // pixels of the longer side
const MOST_WORKERS = 8;
const MEMORY = 1; // GB of the device for each worker: reading a 12-megapixel photo takes 150 MB, and phones close greedy pages

/** Which model a pool runs, and how. */
export interface PoolOptions {
  readonly start: () => Worker;
  readonly source: Source; // of the bundle's files
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
  readonly #own = new Map<Client, Waiting[]>(); // what one worker must do, of those that have loaded the model
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

  /** A photo, its answer and its heat map, before any photo that waits to be classified. */
  look(photo: Blob, signal: AbortSignal): Promise<Looked> {
    return this.#ask(this.#urgent, "look", { photo, side: PREVIEW }, signal);
  }

  /** Outputs of the model by their names, for pixels [S,S,3]: before any photo that waits. */
  maps(pixels: Uint8Array, outputs: readonly string[], signal: AbortSignal): Promise<Record<string, Float32Array>> {
    return this.#ask(this.#urgent, "maps", { pixels, outputs }, signal);
  }

  /** Classify a video's frame, before any photo that waits. The bitmap is used up. */
  frame(frame: ImageBitmap, signal: AbortSignal): Promise<Framed> {
    return this.#ask(this.#urgent, "frame", { frame }, signal).finally(() => frame.close());
  }

  /** Decode and resize alone, of a golden photo: before any photo that waits. */
  prepare(photo: Blob, input: InputSpec, signal: AbortSignal): Promise<Prepared> {
    return this.#ask(this.#urgent, "prepare", { photo, input }, signal);
  }

  /** The network alone, on pixels [S,S,3], in every worker that is there: each has a GPU context of its own. */
  async runOnEach(pixels: Uint8Array, signal: AbortSignal): Promise<Result<"run">[]> {
    if (this.#own.size === 0) return [await this.#ask(this.#urgent, "run", { pixels }, signal)]; // the last one broke
    const asking = [...this.#own].map(([client, queue]) => {
      const answer = this.#enqueue(queue, "run", { pixels }, signal);
      const index = this.#idle.indexOf(client);
      if (index >= 0) void this.#work(this.#idle.splice(index, 1)[0]);
      return answer;
    });
    return Promise.all(asking);
  }

  /** End every worker; what is under way is rejected. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }

  #ask<C extends Call>(queue: Waiting[], call: C, job: Job<C>, signal: AbortSignal): Promise<Result<C>> {
    const answer = this.#enqueue(queue, call, job, signal);
    if (this.#lanes < this.size) void this.#work(this.#idle.pop());
    return answer;
  }

  #enqueue<C extends Call>(queue: Waiting[], call: C, job: Job<C>, signal: AbortSignal): Promise<Result<C>> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<Result<C>>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    queue.push({ call, job, signal, resolve: resolve as Waiting["resolve"], reject });
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
    const { start, source, spec, key } = this.#options;
    const client = new Client(start());
    this.#clients.add(client);
    await client.call("load", { source, spec, key }, signal);
    this.#own.set(client, []);
    return client;
  }

  /** One lane: a worker that takes photos until none wait. */
  async #work(client: Client | undefined): Promise<void> {
    this.#lanes++;
    for (;;) {
      const next = (client && this.#own.get(client)?.shift()) ?? this.#urgent.shift() ?? this.#queue.shift();
      if (!next) break;
      if (next.signal.aborted) continue;
      try {
        client ??= await this.#start();
        if (next.signal.aborted) continue; // while the worker started
        next.resolve(await client.call(next.call, next.job));
      } catch (error) {
        next.reject(error);
        if (client?.isBroken) {
          this.#drop(client, error);
          client = undefined; // it ran out of memory on this photo: the next one gets a fresh worker
        }
      }
    }
    if (client) this.#idle.push(client);
    this.#lanes--;
  }

  #drop(client: Client, error: unknown): void {
    for (const { reject } of this.#own.get(client) ?? []) reject(error);
    this.#own.delete(client);
    this.#clients.delete(client);
  }
}

/** How many workers a device bears: one a core, fewer where memory is short. Browsers other than Chromium keep `memory` (GB) to themselves. */
export function workersFor(cores: number | undefined, memory = 4): number {
  return Math.max(1, Math.min(cores || 1, Math.floor(memory / MEMORY), MOST_WORKERS));
}
