/** Takes waiting photos from the session to the pool, and their answers back. Pause, resume, cancel. */

import { messageOf, PhotoError } from "../../contract/errors.ts";
import type { Spec } from "../../contract/spec.ts";
import { predict } from "../../contract/task.ts";
import type { Thumbnails } from "../grid/thumbnails.ts";
import type { Engine } from "../models/engine.ts";
import type { Item, Session } from "../session.ts";
import { Pace } from "./pace.ts";

const AHEAD = 1; // photos that lie ready in the pool, so that no worker waits for the page

export class Runner {
  readonly #session: Session;
  readonly #engine: Engine;
  readonly #thumbnails: Thumbnails;
  readonly #onAnswer: (id: number) => void;
  #pace = new Pace();
  #current = new AbortController(); // of the photos under way
  #underWay = 0;
  #isPaused = false;
  #isFilling = false;

  /** `onAnswer` is told each photo's id when its answer is in the session. */
  constructor(session: Session, engine: Engine, thumbnails: Thumbnails, onAnswer: (id: number) => void) {
    this.#onAnswer = onAnswer;
    this.#session = session;
    this.#engine = engine;
    this.#thumbnails = thumbnails;
    session.subscribe(() => this.#fill());
    engine.subscribe(() => this.#fill());
  }

  get pace(): Pace {
    return this.#pace;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Start no other photo; those under way are finished. */
  pause(): void {
    this.#isPaused = true;
    this.#pace.pause(performance.now());
  }

  resume(): void {
    this.#isPaused = false;
    this.#pace.resume(performance.now());
    this.#fill();
  }

  /** Let go of what is under way at once, and forget the photos without an answer. */
  cancel(): void {
    this.stop();
    this.#session.dropWaiting();
  }

  /** Let go of what is under way at once. */
  stop(): void {
    this.#current.abort();
    this.#current = new AbortController();
    this.#underWay = 0;
    this.#pace = new Pace();
    this.#isPaused = false;
  }

  #fill(): void {
    const { pool } = this.#engine;
    if (!pool || this.#isPaused || this.#isFilling) return; // taking a photo changes the session, which calls this again
    this.#isFilling = true;
    while (this.#underWay < pool.size + AHEAD) {
      const item = this.#session.take();
      if (!item) break;
      void this.#classify(item);
    }
    this.#isFilling = false;
  }

  async #classify(item: Item): Promise<void> {
    const { signal } = this.#current;
    const { pool, model } = this.#engine;
    this.#underWay++;
    try {
      const { probabilities, thumbnail, width, height, ms } = await pool!.classify(item.file, signal);
      const { ranking: _, ...prediction } = predict(probabilities, model!.spec, 1);
      const isNamed = !prediction.abstained && namesLabel(model!.spec, prediction.band);
      this.#done();
      this.#thumbnails.put(item.id, thumbnail);
      this.#session.answer(item.id, { probabilities, ...prediction, isNamed, width, height, ms });
      this.#onAnswer(item.id);
    } catch (error) {
      if (signal.aborted) return;
      this.#done();
      const reason = error instanceof PhotoError ? error.reason : "failed";
      this.#session.refuse(item.id, { reason, message: messageOf(error) });
    }
  }

  #done(): void {
    this.#underWay--;
    this.#pace.tick(performance.now());
  }
}

/** Whether a band's wording names the label at all: "not sure" does not. */
export function namesLabel(spec: Spec, band: string): boolean {
  const { wording } = spec.output.bands.find((each) => each.id === band)!;
  return (wording.en ?? Object.values(wording)[0] ?? "{label}").includes("{label}");
}
