/** The model in use and its pool of workers: opens one, replaces it by another, and takes another runtime where one fails. */

import { messageOf } from "../../contract/errors.ts";
import type { Pool } from "../classify/pool.ts";
import { type Exam, ExamError } from "./exam.ts";
import { insteadOf, type Model, NoFormat } from "./model.ts";
import { type Fallback, type Opened, open, type Problem, prove } from "./opening.ts";
import { Shelf } from "./shelf.ts";

export class Engine {
  readonly shelf = new Shelf();
  /** No worker starts before this resolves: the policy of the service worker would not bind it. */
  shelter: Promise<void> = Promise.resolve();
  /** Told when answers of the runtime in use turn out to be in doubt, after it was let go. */
  onDoubt: () => void = () => undefined;
  readonly #listeners = new Set<() => void>();
  #current = new AbortController();
  #model: Model | undefined;
  #opened: Opened | undefined;
  #isProven = false;
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
    return this.#opened?.pool;
  }

  get exam(): Exam | undefined {
    return this.#opened?.exam;
  }

  /** Whether the runtime in use was right on every golden photo, now or on an earlier visit. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** Aborted when the model or the runtime is replaced. */
  get signal(): AbortSignal {
    return this.#current.signal;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** The runtimes that were given up for the one in use, the newest last. */
  get fallbacks(): readonly Fallback[] {
    return this.#opened?.fallbacks ?? [];
  }

  /** Use another model from now on. What its runtimes throw becomes the `problem`. */
  async use(model: Model, given: readonly Fallback[] = []): Promise<void> {
    const { signal } = this.#start(model);
    try {
      await this.shelter;
      const opened = await open(model, this.shelf, signal, given);
      if (signal.aborted) opened.pool.close();
      else this.#settle(opened, signal);
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  /** Use a model that somebody has opened already; as with `use`, its workers get nothing before the caller goes on. */
  async adopt(opened: Opened): Promise<void> {
    const { signal } = this.#start(opened.model);
    await this.shelter;
    if (signal.aborted) opened.pool.close();
    else this.#settle(opened, signal);
  }

  /** Give the runtime in use up, and take the next one; where there is none, nothing is classified any more. */
  async fallBack(why: Problem | string): Promise<void> {
    const [model, tried] = [this.#model, this.fallbacks];
    if (!model) return;
    const next = insteadOf(model.spec, model.runtime, new Set(tried.map(({ from }) => from)));
    const using = next && this.use(model.with(next), [...tried, { from: model.runtime, to: next, why }]);
    if (!next) this.#refuse(typeof why === "string" ? { key: "noRuntime", values: { why } } : why);
    this.onDoubt();
    await using;
  }

  /** There is no model, and this is why. */
  fail(error: unknown): void {
    const why = messageOf(error);
    if (error instanceof NoFormat) this.#refuse({ key: "noFormat", values: { files: error.files } });
    else if (error instanceof ExamError) this.#refuse(error);
    else this.#refuse({ key: this.#model ? "noRuntime" : "noBundle", values: { why } });
  }

  #start(model: Model): AbortController {
    this.#current.abort();
    this.pool?.close();
    this.#current = new AbortController();
    [this.#model, this.#opened, this.#problem] = [model, undefined, undefined];
    this.#isProven = false;
    this.#changed();
    return this.#current;
  }

  #settle(opened: Opened, signal: AbortSignal): void {
    this.#model = opened.model;
    this.#opened = opened;
    this.#changed();
    void this.#prove(opened, signal);
  }

  async #prove(opened: Opened, signal: AbortSignal): Promise<void> {
    try {
      await prove(opened, this.shelf, signal);
      this.#isProven = true;
      this.#changed();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ExamError && error.isAnswers) return this.fallBack(error);
      this.fail(error);
      this.onDoubt();
    }
  }

  /** Nothing is classified with what failed. */
  #refuse(problem: Problem): void {
    this.#current.abort();
    this.pool?.close();
    this.#opened = undefined;
    this.#problem = problem;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
