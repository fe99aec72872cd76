/** What the self-testing page shows: how far it is, what it does, and that the screen must stay on. */

import { fill, type Language, languageFor } from "../app/i18n/index.ts";
import { WORDS, type Word } from "./words.ts";

export class View {
  readonly #language: Language = languageFor(navigator.languages);
  #done = 0;
  #steps = 1;

  constructor() {
    document.documentElement.lang = this.#language;
    document.title = this.#word("title");
    this.#write("title", "title");
    this.doing("starting");
    this.#write("hint", "awake");
  }

  /** Count from here to so many photos and inferences. */
  start(steps: number): void {
    this.#steps = Math.max(steps, 1);
    this.#draw();
    void stayAwake();
  }

  /** One photo or inference more. */
  step(): void {
    this.reach(this.#done + 1);
  }

  /** So many of them are over, also those that a missing runtime or a refused photo left out. */
  reach(done: number): void {
    this.#done = done;
    this.#draw();
  }

  doing(word: Word, values: Record<string, string> = {}): void {
    this.#write("doing", word, values);
  }

  finish(): void {
    this.#end("done", "✓");
    this.#write("hint", "closeIt");
  }

  refuse(): void {
    this.#end("refused", "✕");
    find("hint").textContent = "";
  }

  fail(why: string): void {
    this.#end("failed", "✕", { why });
    find("hint").textContent = "";
  }

  #end(word: Word, sign: string, values: Record<string, string> = {}): void {
    document.body.className = word;
    find("share").textContent = sign;
    find("bar").hidden = true;
    this.doing(word, values);
  }

  #draw(): void {
    const share = Math.min(this.#done / this.#steps, 0.99);
    find("share").textContent = share.toLocaleString(this.#language, { style: "percent" });
    find<HTMLProgressElement>("bar").value = share;
  }

  #write(id: string, word: Word, values: Record<string, string> = {}): void {
    find(id).textContent = this.#word(word, values);
  }

  #word(word: Word, values: Record<string, string> = {}): string {
    return fill(WORDS[this.#language][word], values);
  }
}

function find<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Hold the screen on for as long as the page is in front. Browsers offer it on https and on the local machine only. */
async function stayAwake(): Promise<void> {
  const lock = (navigator as { wakeLock?: WakeLock }).wakeLock;
  const hold = () => lock?.request("screen").catch(() => undefined); // refused on a low battery: the hint stays
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void hold());
  await hold();
}
