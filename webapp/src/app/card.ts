/** One photo in the grid: its picture, the wording of the answer, the three most probable labels, the time. */

import type { Spec } from "../contract/spec.ts";
import { displayName, predict, say } from "../contract/task.ts";
import { type Language, translate } from "./i18n.ts";

const SHOWN = 3; // labels

/** What is known of a photo so far. */
export interface Answered {
  readonly probabilities: Float32Array;
  readonly ms: number;
}

export class Card {
  readonly element: HTMLLIElement;
  readonly #image: HTMLImageElement;
  readonly #name: string;
  #answer: Answered | undefined;

  constructor(name: string) {
    const template = document.querySelector<HTMLTemplateElement>("#card")!;
    this.element = template.content.firstElementChild!.cloneNode(true) as HTMLLIElement;
    this.#image = this.#part("img");
    this.#name = name;
  }

  /** Show the answer and the picture; the picture's address is the card's to release. */
  fill(answer: Answered, thumbnail: Blob): void {
    this.#answer = answer;
    this.#image.src = URL.createObjectURL(thumbnail);
    this.element.classList.remove("is-waiting");
  }

  /** Write every text in `language`. */
  write(spec: Spec, language: Language): void {
    this.#part(".name").textContent = this.#name;
    this.#part(".name").title = this.#name;
    if (!this.#answer) {
      this.#part(".wording").textContent = translate(language, "working");
      return;
    }
    const { probabilities, ms } = this.#answer;
    const prediction = predict(probabilities, spec, SHOWN);
    const wording = prediction.abstained ? translate(language, "unsure") : say(prediction, spec, language);
    this.element.dataset.band = prediction.abstained ? "unsure" : prediction.band;
    this.element.dataset.label = prediction.label;
    this.#part(".wording").textContent = wording;
    this.#part(".wording").title = wording;
    this.#image.alt = wording;
    this.#part(".time").textContent = translate(language, "ms", { ms: Math.round(ms) });
    const rows = prediction.ranking.map(([id, probability]) => {
      const label = spec.labels.find((each) => each.id === id)!;
      return row(displayName(label, language), probability, language);
    });
    this.#part(".ranking").replaceChildren(...rows);
  }

  /** Take it off the page and let go of its picture. */
  remove(): void {
    URL.revokeObjectURL(this.#image.src);
    this.element.remove();
  }

  #part<E extends HTMLElement>(selector: string): E {
    return this.element.querySelector<E>(selector)!;
  }
}

function row(name: string, probability: number, language: Language): HTMLLIElement {
  const item = document.createElement("li");
  const label = Object.assign(document.createElement("span"), { className: "label", textContent: name, title: name });
  const share = Object.assign(document.createElement("span"), {
    className: "share",
    textContent: percent(probability, language),
  });
  item.style.setProperty("--share", `${(probability * 100).toFixed(1)}%`);
  item.append(label, share);
  return item;
}

/** "97 %" as the language writes it; never 100 % for what isn't certain. */
export function percent(probability: number, language: Language): string {
  const shown = probability < 1 ? Math.min(probability, 0.994) : 1;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(shown);
}
