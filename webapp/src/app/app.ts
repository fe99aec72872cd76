/** What the features share: one object, made by main.ts and handed to each. */

import { Runner } from "./classify/runner.ts";
import { Thumbnails } from "./grid/thumbnails.ts";
import { type Key, type Language, translate, type Values } from "./i18n/index.ts";
import { Engine } from "./models/engine.ts";
import type { Model } from "./models/model.ts";
import type { Opened } from "./models/opening.ts";
import { Watch } from "./models/watch.ts";
import { Session } from "./session.ts";

const ANSWERS_DRAWN_EVERY = 200; // ms: drawing 60 times a second took as many cores as classifying, where there is no GPU

export class App {
  readonly session = new Session();
  readonly engine = new Engine();
  readonly thumbnails = new Thumbnails(this.engine);
  readonly watch = new Watch(this.session, this.engine);
  readonly runner = new Runner(this.session, this.engine, this.thumbnails, (id) => this.watch.note(id));
  readonly #listeners = new Set<() => void>();
  #language: Language;

  constructor(language: Language) {
    this.#language = language;
    this.engine.onDoubt = () => {
      this.runner.stop();
      this.session.again(this.watch.take());
    };
  }

  get language(): Language {
    return this.#language;
  }

  set language(language: Language) {
    this.#language = language;
    for (const listener of this.#listeners) listener();
  }

  /** Classify with this model from now on, the photos that are here already too. */
  use(model: Model): Promise<void> {
    this.runner.stop();
    const opening = this.engine.use(model); // lets go of the old workers at once, so that they get none of the photos
    this.session.reset();
    return opening;
  }

  /** The same with a model that is open already. */
  adopt(opened: Opened): Promise<void> {
    this.runner.stop();
    const adopting = this.engine.adopt(opened);
    this.session.reset();
    return adopting;
  }

  /** A text of the page in the current language. */
  t(key: Key, values?: Values): string {
    return translate(this.#language, key, values);
  }

  /**
   * Call `draw` in the next frame after a change of photos, model or language; while answers come in, a few times a
   * second. Returns what ends that.
   */
  onChange(draw: () => void): () => void {
    const soon = perFrame(draw);
    const later = perInterval(soon, ANSWERS_DRAWN_EVERY);
    this.#listeners.add(soon);
    const follow = (isByUser: boolean) => (isByUser ? soon() : later());
    const ends = [this.session.subscribe(follow), this.engine.subscribe(soon), () => this.#listeners.delete(soon)];
    return () => {
      for (const end of ends) end();
    };
  }
}

/** However often it is called, `draw` runs once a frame: 5,000 changes at once cost one drawing. */
export function perFrame(draw: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      draw();
    });
  };
}

/** The first call runs `action` at once, more within `ms` milliseconds run it once more when they are over. */
function perInterval(action: () => void, ms: number): () => void {
  let isResting = false;
  let isDue = false;
  const run = () => {
    isResting = true;
    isDue = false;
    action();
    setTimeout(() => {
      isResting = false;
      if (isDue) run();
    }, ms);
  };
  return () => {
    if (isResting) isDue = true;
    else run();
  };
}
