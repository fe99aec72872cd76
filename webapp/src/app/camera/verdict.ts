/** The answer in large words, what it is the answer to, and the most probable classes. */

import type { Spec } from "../../contract/spec.ts";
import { displayName, predict, say } from "../../contract/task.ts";
import type { App } from "../app.ts";
import { make, write } from "../dom.ts";
import { numberFormat, percent } from "../formats.ts";
import type { Recent } from "./recent.ts";

const SHOWN = 3; // classes
const SPOKEN = 2000; // ms at least between two sentences of a screen reader

export class Verdict {
  readonly #app: App;
  readonly #wording = make("p", { className: "camera-wording" });
  readonly #basis = make("p", { className: "muted small" });
  readonly #ranking = make("ol", { className: "camera-ranking" });
  readonly #spoken = make("output", { className: "visually-hidden" }); // says nothing but a new answer, and not all of them
  readonly element = make(
    "div",
    { className: "camera-verdict" },
    this.#wording,
    this.#basis,
    this.#ranking,
    this.#spoken,
  );
  #spokenAt = -Infinity;

  constructor(app: App) {
    this.#app = app;
  }

  /** Show the answer to the last second's mean, or to the newest frame alone: it is said which. */
  draw(spec: Spec, recent: Recent, isAveraging: boolean): void {
    const app = this.#app;
    const { mean, last } = recent;
    if (!mean || !last) return;
    const rate = numberFormat(app.language, { maximumFractionDigits: 1 }).format(recent.rate ?? 0);
    const prediction = predict(isAveraging ? mean.probabilities : last, spec, SHOWN);
    const wording = prediction.abstained ? app.t("unsure") : say(prediction, spec, app.language);
    write(this.#wording, wording);
    this.#wording.dataset.label = prediction.label;
    const basis = isAveraging ? "camera.averaged" : "camera.single";
    write(this.#basis, recent.rate === undefined ? "" : app.t(basis, { count: mean.count, rate }));
    this.#rank(spec, prediction.ranking);
    this.#speak(wording);
  }

  /** There is no answer now. */
  clear(): void {
    for (const element of [this.#wording, this.#basis, this.#spoken]) write(element, "");
    this.#ranking.replaceChildren();
    delete this.#wording.dataset.label;
  }

  #rank(spec: Spec, ranking: readonly (readonly [string, number])[]): void {
    this.#ranking.ariaLabel = this.#app.t("camera.likeliest");
    while (this.#ranking.children.length < ranking.length)
      this.#ranking.append(make("li", {}, make("span", { className: "label" }), make("span", { className: "share" })));
    ranking.forEach(([id, probability], i) => {
      const row = this.#ranking.children[i] as HTMLElement;
      const [name, share] = row.children as unknown as [HTMLElement, HTMLElement];
      write(name, displayName(spec.labels.find((label) => label.id === id)!, this.#app.language));
      write(share, percent(probability, this.#app.language));
      row.style.setProperty("--share", `${(probability * 100).toFixed(1)}%`);
    });
  }

  #speak(wording: string): void {
    const now = performance.now();
    if (this.#spoken.textContent === wording || now < this.#spokenAt + SPOKEN) return;
    this.#spokenAt = now;
    this.#spoken.textContent = wording;
  }
}
