/** The page's side of a worker: calls become promises, and an AbortSignal lets go of them. */

import { SafelightError } from "../contract/errors.ts";
import { type Call, type Job, type Reply, type Request, type Result, unpackError } from "./calls.ts";

export class Client {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>();
  #next = 0;
  #broken: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      const caller = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("error" in data) caller?.reject(unpackError(data.error));
      else caller?.resolve(data.result);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail(new SafelightError(`A worker stopped: ${event.message || "its script could not be loaded"}.`));
    });
  }

  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Ask the worker. Rejects with what it threw, or with the signal's reason as soon as that is aborted. */
  call<C extends Call>(call: C, job: Job<C>, signal?: AbortSignal): Promise<Result<C>> {
    if (this.#broken) return Promise.reject(this.#broken);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiting.set(id, { resolve, reject });
    this.#worker.postMessage({ id, call, job } satisfies Request<C>, { transfer: bitmapsOf(job) });
    return promise.finally(() => signal?.removeEventListener("abort", abort)) as Promise<Result<C>>;
  }

  /** End the worker; calls under way are rejected. */
  close(): void {
    this.#worker.terminate();
    this.#fail(new SafelightError("The worker was closed."));
  }

  #fail(error: Error): void {
    this.#broken = error;
    for (const caller of this.#waiting.values()) caller.reject(error);
    this.#waiting.clear();
  }
}

/** The bitmaps of a job move to the worker instead of being copied: a frame of 1280 × 720 has 3.7 MB. */
function bitmapsOf(job: object): ImageBitmap[] {
  return Object.values(job).filter((value) => value instanceof ImageBitmap);
}
