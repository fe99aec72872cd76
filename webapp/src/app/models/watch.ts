/**
 * Looks after the runtime while it works: a GPU that was right on its first photo can be wrong on a later one. After so many
 * photos, and when all are done, a golden photo passes through it again; where its answer is wrong now, another runtime
 * takes over and the photos since the last right one are asked again.
 */

import type { Session } from "../session.ts";
import type { Engine } from "./engine.ts";
import { ExamError } from "./exam.ts";

const EVERY = 50; // photos: one golden photo, decoded already, then costs less than 2 % of the time

export class Watch {
  readonly #session: Session;
  readonly #engine: Engine;
  #signal: AbortSignal; // of the runtime that is watched
  readonly #doubtful = new Set<number>(); // photos answered since the last right golden photo
  #since = 0;
  #next = 0;
  #isAsking = false;

  constructor(session: Session, engine: Engine) {
    this.#session = session;
    this.#engine = engine;
    this.#signal = engine.signal;
  }

  /** A photo has its answer. */
  note(id: number): void {
    if (this.#signal !== this.#engine.signal) this.take();
    this.#signal = this.#engine.signal;
    this.#doubtful.add(id);
    const { waiting, working } = this.#session.counts;
    if (++this.#since >= EVERY || waiting + working === 0) void this.#ask(this.#signal);
  }

  /** The photos whose answers nothing vouches for; they are not asked for twice. */
  take(): Set<number> {
    const ids = new Set(this.#doubtful);
    this.#doubtful.clear();
    this.#since = 0;
    return ids;
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { pool, exam, model } = this.#engine;
    if (!pool || !exam || !model || this.#isAsking) return;
    this.#isAsking = true;
    this.#since = 0;
    const asked = [...this.#doubtful];
    try {
      await exam.ask(pool, model, this.#next++, signal);
      if (this.#engine.isProven) for (const id of asked) this.#doubtful.delete(id);
    } catch (error) {
      if (!signal.aborted && error instanceof ExamError) void this.#engine.fallBack(error);
    } finally {
      this.#isAsking = false;
    }
  }
}
