/** The bar above the photos: how far it is, how fast, pause and cancel, and the files that could not be read. */

import type { App } from "../app.ts";
import { find, make, write } from "../dom.ts";
import { numberFormat } from "../formats.ts";
import type { Item } from "../session.ts";
import { durationText } from "./pace.ts";

const REFUSED_SHOWN = 200;

export class Strip {
  readonly #app: App;
  #refused = 0; // listed

  constructor(app: App) {
    this.#app = app;
    app.onChange(() => this.#draw());
    find("pause").addEventListener("click", () => {
      if (app.runner.isPaused) app.runner.resume();
      else app.runner.pause();
      this.#draw();
    });
    find("cancel").addEventListener("click", () => app.runner.cancel());
    find("clear").addEventListener("click", () => {
      app.runner.stop();
      app.session.clear();
    });
  }

  #draw(): void {
    const { session, runner, engine } = this.#app;
    const { total, waiting, working, answered, refused } = session.counts;
    const left = waiting + working;
    const progress = find<HTMLProgressElement>("progress");
    progress.max = Math.max(total, 1);
    progress.value = total - left;
    progress.classList.toggle("is-done", left === 0);
    write(find("status"), this.#status(total - left, total, answered));
    const { rate } = runner.pace;
    const seconds = runner.pace.secondsFor(left);
    const isRunning = left > 0 && !runner.isPaused && engine.pool !== undefined;
    write(find("pace"), isRunning && rate && seconds !== undefined ? this.#pace(rate, seconds) : "");
    find("pause").hidden = left === 0 || !engine.pool;
    write(find("pause"), this.#app.t(runner.isPaused ? "resume" : "pause"));
    find("cancel").hidden = left === 0;
    find("add-photos").hidden = left > 0;
    find("clear").hidden = left > 0;
    find<HTMLButtonElement>("take").disabled = answered + refused === 0;
    this.#list(refused);
  }

  #status(done: number, total: number, answered: number): string {
    const { engine, runner } = this.#app;
    if (!engine.pool && !engine.problem) return this.#app.t("loading");
    if (done === total) return this.#app.t("finished", { total: answered });
    return this.#app.t(runner.isPaused ? "paused" : "progress", { done, total });
  }

  #pace(rate: number, seconds: number): string {
    const { language } = this.#app;
    const number = numberFormat(language, { maximumSignificantDigits: 2 });
    return this.#app.t("pace", { rate: number.format(rate), left: durationText(seconds, language) });
  }

  #list(count: number): void {
    const list = find("refused-list");
    const isDrawn = count === this.#refused && list.lang === this.#app.language;
    find("refused").hidden = count === 0;
    if (isDrawn) return;
    this.#refused = count;
    list.lang = this.#app.language;
    find("refused-count").textContent = this.#app.t("refusedCount", { count });
    const refused = this.#app.session.all().filter((item) => item.state === "refused");
    const lines = refused.slice(0, REFUSED_SHOWN).map((item) => this.#line(item));
    const more = refused.length - lines.length;
    if (more > 0) lines.push(make("li", { className: "muted" }, this.#app.t("moreRefused", { count: more })));
    list.replaceChildren(...lines);
  }

  #line({ path, refusal }: Item): HTMLLIElement {
    const { reason, message } = refusal!;
    const why = this.#app.t(`reason.${reason}`, { why: message });
    return make(
      "li",
      {},
      make("span", { className: "name", textContent: path }),
      make("span", { className: "muted", textContent: why, title: message }),
    );
  }
}
