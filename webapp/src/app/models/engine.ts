/** The model in use and its pool of workers: opens one, and replaces it by another. */

import { messageOf } from "../../contract/errors.ts";
import type { Pool } from "../classify/pool.ts";
import type { Key, Values } from "../i18n/index.ts";
import { type Model, NoFormat } from "./model.ts";

/** Why there is nothing to classify with: a text of the page. */
export interface Problem {
  readonly key: Key;
  readonly values: Values;
}

export class Engine {
  /** No worker starts before this resolves: the policy of the service worker would not bind it. */
  shelter: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<() => void>();
  #current = new AbortController();
  #model: Model | undefined;
  #pool: Pool | undefined;
  #problem: Problem | undefined;

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get model(): Model | undefined {
    return this.#model;
  }

  /** Undefined until the model is loaded. */
  get pool(): Pool | undefined {
    return this.#pool;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** Use another model from now on. What its runtime throws becomes the `problem`. */
  async use(model: Model): Promise<void> {
    this.#current.abort();
    this.#pool?.close();
    this.#current = new AbortController();
    const { signal } = this.#current;
    [this.#model, this.#pool, this.#problem] = [model, undefined, undefined];
    this.#changed();
    try {
      await this.shelter;
      const pool = await model.open(signal);
      if (signal.aborted) pool.close();
      else this.#pool = pool;
    } catch (error) {
      if (!signal.aborted) this.#problem = { key: "noRuntime", values: { why: messageOf(error) } };
    }
    if (!signal.aborted) this.#changed();
  }

  /** There is no model, and this is why. */
  fail(error: unknown): void {
    this.#problem =
      error instanceof NoFormat
        ? { key: "noFormat", values: { files: error.files } }
        : { key: "noBundle", values: { why: messageOf(error) } };
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
