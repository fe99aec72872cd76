/** The panel "About this device": which runtime is used, what came of each here, and what this browser can't do. */

import { RUNTIMES, type RuntimeId } from "../../runtimes/index.ts";
import type { App } from "../app.ts";
import { find, make, write } from "../dom.ts";
import type { Library } from "./library.ts";
import { type Model, runtimesFor } from "./model.ts";
import { said, saidOf } from "./said.ts";
import type { Verdict } from "./trial.ts";

export class DevicePanel {
  readonly #app: App;
  readonly #library: Library;
  #verdicts = new Map<RuntimeId, Verdict>();
  #of = ""; // the bundle that they are about
  #trying: AbortController | undefined;
  #drawn = "";

  constructor(app: App, library: Library) {
    this.#app = app;
    this.#library = library;
    app.onChange(() => this.#draw());
  }

  #draw(): void {
    const { engine, session } = this.#app;
    const { model } = engine;
    this.#notice();
    if (!model) return;
    if (this.#of !== model.id) this.#forget(model.id);
    const { working, waiting } = session.counts;
    const isIdle = engine.pool !== undefined && working + waiting === 0;
    const now = JSON.stringify([
      ...[this.#app.language, model.id, model.runtime, isIdle, engine.isProven, engine.fallbacks.length],
      ...[engine.exam?.unread, [...(engine.exam?.known.keys() ?? [])], [...this.#verdicts], this.#trying !== undefined],
    ]);
    if (now === this.#drawn) return;
    this.#drawn = now;
    find("device-body").replaceChildren(...this.#facts(), this.#runtimes(model), this.#trial(model, isIdle));
  }

  /** What the visitor must know without opening the panel. */
  #notice(): void {
    const { fallbacks, exam } = this.#app.engine;
    const last = fallbacks.at(-1);
    const texts = [last && saidOf(this.#app, last), exam?.unread !== undefined && this.#app.t("device.canvas")];
    const text = texts.filter(Boolean).join(" ");
    find("notice").hidden = text === "";
    write(find("notice"), text);
  }

  #facts(): HTMLElement[] {
    const { engine } = this.#app;
    const { exam, pool } = engine;
    const count = exam?.length ?? 0;
    const state = !exam ? "device.unproven" : engine.isProven ? "device.proven" : "device.proving";
    const lines = [
      ...(pool ? [this.#app.t("device.workers", { count: pool.size }), this.#app.t(state, { count })] : []),
      ...[...new Set(exam?.known.values())].map((key) => this.#app.t(key)),
      ...engine.fallbacks.map((fallback) => saidOf(this.#app, fallback)),
    ];
    return lines.map((textContent) => make("p", { textContent }));
  }

  #runtimes(model: Model): HTMLElement {
    const rows = runtimesFor(model.spec).map((id) => {
      const radio = make("input", { type: "radio", name: "runtime", value: id, disabled: this.#trying !== undefined });
      radio.checked = id === model.runtime;
      radio.addEventListener("change", () => {
        void this.#library.remember(id);
        void this.#app.use(model.with(id));
      });
      const verdict = this.#verdicts.get(id);
      const came = make("span", { className: "muted", textContent: verdict ? this.#said(verdict) : "" });
      const row = make(
        "div",
        { className: "choice" },
        make("label", {}, radio, make("span", {}, RUNTIMES[id].title, came)),
      );
      row.dataset.runtime = id;
      if (verdict) row.dataset.verdict = verdict.kind;
      row.classList.toggle("is-wrong", verdict?.kind === "wrong");
      return row;
    });
    const hint = make("p", { className: "muted", textContent: this.#app.t("device.hint") });
    const group = make("div", { role: "radiogroup" }, ...rows, hint);
    group.setAttribute("aria-labelledby", "device-title");
    return group;
  }

  #said(verdict: Verdict): string {
    if (verdict.kind === "running") return this.#app.t("device.running");
    if (verdict.kind === "right")
      return this.#app.t("device.right", { ms: verdict.ms.toPrecision(2), off: verdict.off.toExponential(0) });
    return this.#app.t(`device.${verdict.kind}`, { why: said(this.#app, verdict.why) });
  }

  #trial(model: Model, isIdle: boolean): HTMLElement {
    const isTrying = this.#trying !== undefined;
    const button = make("button", { type: "button", id: "find-fastest" });
    button.textContent = this.#app.t(isTrying ? "device.stop" : "device.try");
    button.disabled = !isTrying && (!isIdle || !this.#app.engine.exam);
    button.addEventListener("click", () => {
      if (this.#trying) this.#trying.abort();
      else void this.#try(model);
    });
    const box = make("div", {}, button);
    void import("./trial.ts").then(({ cost }) => {
      const size = Math.ceil(cost(model));
      box.append(make("p", { className: "muted", textContent: this.#app.t("device.cost", { size }) }));
    });
    return box;
  }

  /** Try them all, and use the fastest that is right. Photos that are answered stay so: its answers are the same. */
  async #try(model: Model): Promise<void> {
    const { exam } = this.#app.engine;
    if (!exam) return;
    this.#trying = new AbortController();
    this.#verdicts.clear();
    try {
      const { tryAll } = await import("./trial.ts");
      const tell = (id: RuntimeId, verdict: Verdict) => {
        this.#verdicts.set(id, verdict);
        this.#draw();
      };
      const best = await tryAll(model, exam, tell, this.#trying.signal);
      if (best) {
        await this.#library.remember(best);
        if (best !== this.#app.engine.model?.runtime) await this.#app.engine.use(model.with(best));
      }
    } catch (error) {
      if (!this.#trying.signal.aborted) throw error;
      for (const [id, { kind }] of this.#verdicts) if (kind === "running") this.#verdicts.delete(id);
    } finally {
      this.#trying = undefined;
      this.#draw();
    }
  }

  #forget(id: string): void {
    this.#trying?.abort();
    this.#verdicts.clear();
    this.#of = id;
  }
}
