/** One photo, large: what the model answered, where it saw it, what it was given, and the right label by hand. */

import "./look.css";
import { messageOf } from "../../contract/errors.ts";
import { displayName } from "../../contract/task.ts";
import type { Looked } from "../../worker/calls.ts";
import type { App } from "../app.ts";
import { make } from "../dom.ts";
import type { Item } from "../session.ts";
import { correction, keyed, probabilities, rankingOf } from "./classes.ts";
import { Features } from "./features.ts";
import { drawPixels, Heat, lay } from "./overlay.ts";
import { regionOf, WHOLE } from "./region.ts";
import { onSwipe } from "./swipe.ts";
import { verdict } from "./verdict.ts";

export class Look {
  static #only: Look | undefined;

  /** The page's large view. */
  static of(app: App): Look {
    Look.#only ??= new Look(app);
    return Look.#only;
  }

  readonly #app: App;
  readonly #dialog = make("dialog", { id: "look", className: "look whole-window" });
  readonly #fit = make("div", { className: "fit" });
  readonly #steps = [this.#step(-1), this.#step(1)] as const;
  readonly #stage = make("div", { className: "stage" }, this.#fit, ...this.#steps);
  readonly #side = make("div", { className: "side" });
  #id = -1;
  #around: readonly number[] = []; // the photos as they were shown when the view opened: a correction must not reorder them
  #closed: (last: number) => void = () => undefined;
  #current = new AbortController(); // of the photo on show
  #drawn: { item: Item; language: string } | undefined;
  #looked: Looked | undefined;
  #heat: Heat | undefined;
  readonly #features: Features;
  #index = 0; // the class whose heat map is shown
  #isHeatOn = true;
  #opacity = 0.75;
  #view: "whole" | "seen" = "whole";

  private constructor(app: App) {
    this.#app = app;
    this.#features = new Features(app);
    const dialog = this.#dialog;
    dialog.setAttribute("aria-labelledby", "look-title");
    dialog.append(this.#stage, this.#side);
    document.body.append(dialog);
    dialog.addEventListener("keydown", (event) => this.#key(event));
    onSwipe(this.#stage, (by) => this.#go(by));
    dialog.addEventListener("close", () => {
      this.#forget();
      this.#closed(this.#id);
    });
    app.onChange(() => {
      if (dialog.open) this.#follow();
    });
  }

  /** Show a photo; `closed` gets the one that was shown last. */
  open(id: number, closed: (last: number) => void): void {
    this.#closed = closed;
    this.#around = [...this.#app.session.view];
    this.#dialog.showModal();
    this.#show(id);
  }

  /** Other photos' answers change nothing here: what somebody drags or types in stays. */
  #follow(): void {
    const now = this.#app.session.get(this.#id);
    if (now !== this.#drawn?.item || this.#app.language !== this.#drawn?.language) this.#drawSide();
  }

  #show(id: number): void {
    this.#forget();
    this.#id = id;
    this.#drawStage();
    this.#drawSide();
    void this.#load(this.#current.signal);
  }

  async #load(signal: AbortSignal): Promise<void> {
    const { pool, model } = this.#app.engine;
    const item = this.#app.session.get(this.#id);
    if (!pool || !model || !item) return;
    try {
      const looked = await pool.look(item.file, signal);
      const { heatmap: shape } = model.spec.model;
      const classes = model.spec.labels.length;
      this.#looked = looked;
      this.#features.show(looked.pixels, signal);
      this.#index = rankingOf(looked.probabilities)[0]!;
      if (looked.heatmap && shape) this.#heat = new Heat(looked.heatmap, shape, classes);
      this.#drawStage();
      this.#drawSide();
    } catch (error) {
      if (signal.aborted) return;
      const why = this.#app.t("look.gone", { why: messageOf(error) });
      this.#fit.replaceChildren(make("p", { className: "muted", textContent: why }));
    }
  }

  #forget(): void {
    this.#current.abort();
    this.#current = new AbortController();
    this.#looked = undefined;
    this.#heat = undefined;
    this.#features.forget();
    this.#fit.replaceChildren();
  }

  #drawStage(): void {
    const looked = this.#looked;
    const spec = this.#app.engine.model?.spec;
    const frame = make("div", { className: looked ? "frame" : "frame is-loading" });
    this.#fit.replaceChildren(frame);
    if (!looked || !spec) return;
    const isWhole = this.#view === "whole";
    frame.style.setProperty("--ratio", `${isWhole ? looked.width / looked.height : 1}`);
    frame.append(isWhole ? this.#whole(looked) : this.#seen(looked.pixels, spec.input.size));
    const region = isWhole ? regionOf(spec.input, looked.width, looked.height) : WHOLE;
    if (isWhole) {
      const edge = make("div", { className: "edge" });
      lay(edge, region);
      frame.append(edge);
    }
    if (this.#heat) {
      lay(this.#heat.canvas, region);
      frame.append(this.#heat.canvas);
      this.#drawHeat();
    }
  }

  #whole(looked: Looked): HTMLImageElement {
    const url = URL.createObjectURL(looked.preview);
    this.#current.signal.addEventListener("abort", () => URL.revokeObjectURL(url), { once: true });
    return make("img", { className: "whole", src: url, alt: this.#app.session.get(this.#id)?.name ?? "" });
  }

  #seen(pixels: Uint8Array, side: number): HTMLCanvasElement {
    const canvas = make("canvas", { className: "seen", role: "img", ariaLabel: this.#app.t("look.seen") });
    drawPixels(canvas, pixels, side);
    return canvas;
  }

  #drawHeat(): boolean {
    if (!this.#heat) return false;
    const { canvas } = this.#heat;
    canvas.hidden = !this.#isHeatOn;
    canvas.style.opacity = `${this.#opacity}`;
    return this.#heat.draw(this.#index);
  }

  #step(by: 1 | -1): HTMLButtonElement {
    const className = by < 0 ? "step previous" : "step next";
    const button = make("button", { type: "button", className, textContent: by < 0 ? "‹" : "›" });
    button.addEventListener("click", () => this.#go(by));
    return button;
  }

  #drawSteps(): void {
    for (const [i, button] of this.#steps.entries()) {
      button.ariaLabel = this.#app.t(i === 0 ? "look.previous" : "look.next");
      button.disabled = this.#neighbour(i === 0 ? -1 : 1) === undefined;
    }
  }

  #neighbour(by: number): number | undefined {
    const { session } = this.#app;
    let at = this.#around.indexOf(this.#id) + by;
    for (; at >= 0 && at < this.#around.length; at += by) {
      const item = session.get(this.#around[at]!);
      if (item && item.state !== "refused") return item.id; // refused or removed since
    }
    return undefined;
  }

  #go(by: number): void {
    const to = this.#neighbour(by);
    if (to === undefined) return;
    this.#show(to);
  }

  #drawSide(): void {
    const item = this.#app.session.get(this.#id);
    const spec = this.#app.engine.model?.spec;
    if (!item || !spec) {
      this.#dialog.close();
      return;
    }
    this.#drawn = { item, language: this.#app.language };
    const focused = this.#focusedKey();
    const parts: HTMLElement[] = [this.#head(item), verdict(this.#app, spec, item)];
    const answer = this.#looked?.probabilities ?? item.answer?.probabilities;
    if (answer) {
      parts.push(this.#switches());
      parts.push(probabilities(this.#app, spec, answer, this.#heat ? this.#index : -1, (index) => this.#press(index)));
      parts.push(...this.#features.draw());
      parts.push(correction(this.#app, spec, item, answer, (label) => this.#correct(label)));
    }
    if (item.answer) {
      const { width, height, ms } = item.answer;
      const size = this.#app.t("look.size", { width, height, ms: Math.round(ms) });
      parts.push(make("p", { className: "muted small", textContent: size }));
    }
    this.#side.replaceChildren(...parts);
    if (focused) this.#side.querySelector<HTMLElement>(focused)?.focus({ preventScroll: true });
    this.#drawSteps();
    this.#keepFocus();
  }

  /** The keys work only while the focus is in the dialog: where what had it is gone or disabled, the close button takes it. */
  #keepFocus(): void {
    const active = document.activeElement;
    if (this.#dialog.contains(active) && !active?.matches(":disabled")) return;
    this.#side.querySelector<HTMLElement>(".close")?.focus({ preventScroll: true });
  }

  /** How to find what has the focus after the side was drawn anew. */
  #focusedKey(): string | undefined {
    const active = document.activeElement as HTMLElement | null;
    if (!active || !this.#side.contains(active)) return undefined;
    const { label } = active.dataset;
    const kind = active.className.split(" ")[0];
    if (label !== undefined) return `.${kind}[data-label="${CSS.escape(label)}"]`;
    return active.id ? `#${active.id}` : kind ? `.${kind}` : undefined;
  }

  #head(item: Item): HTMLElement {
    const index = this.#around.indexOf(this.#id) + 1;
    const count = this.#around.length;
    const close = make("button", { type: "button", className: "close quiet", textContent: this.#app.t("close") });
    close.addEventListener("click", () => this.#dialog.close());
    const place = make("span", { className: "muted", textContent: this.#app.t("look.of", { index, count }) });
    return make(
      "header",
      { className: "look-head" },
      make("p", { className: "name", textContent: item.path, title: item.path }),
      place,
      close,
    );
  }

  /** Photo or what the model sees; heat map on or off, and how strong. */
  #switches(): HTMLElement {
    const t = this.#app.t.bind(this.#app);
    const views = (["whole", "seen"] as const).map((view) => {
      const button = make("button", { type: "button", id: `look-${view}`, textContent: t(`look.${view}`) });
      button.ariaPressed = `${view === this.#view}`;
      button.addEventListener("click", () => {
        this.#view = view;
        this.#drawStage();
        this.#drawSide();
      });
      return button;
    });
    const group = make("div", { className: "segments", role: "group", ariaLabel: t("look.view") }, ...views);
    return make("section", { className: "switches" }, group, ...this.#heatSwitches());
  }

  #heatSwitches(): HTMLElement[] {
    const app = this.#app;
    const spec = app.engine.model!.spec;
    if (!spec.model.heatmap || (this.#looked && !this.#heat))
      return [make("p", { className: "muted small", textContent: app.t("look.noHeat") })];
    const on = make("input", { type: "checkbox", id: "look-heat", checked: this.#isHeatOn });
    const strength = make("input", {
      type: "range",
      id: "look-opacity",
      min: "0.1",
      max: "1",
      step: "0.05",
      ariaLabel: app.t("look.opacity"),
    });
    strength.value = `${this.#opacity}`;
    strength.disabled = !this.#isHeatOn;
    on.addEventListener("change", () => this.#setHeat(on.checked));
    strength.addEventListener("input", () => {
      this.#opacity = Number(strength.value);
      this.#drawHeat();
    });
    const label = displayName(spec.labels[this.#index]!, app.language);
    const isThere = !this.#heat || this.#drawHeat();
    const what = make("p", {
      className: "muted small",
      textContent: app.t(isThere ? "look.heatFor" : "look.heatNothing", { label }),
    });
    return [make("div", { className: "heat-row" }, make("label", {}, on, app.t("look.heat")), strength), what];
  }

  #setHeat(isOn: boolean): void {
    this.#isHeatOn = isOn;
    this.#drawHeat();
    this.#drawSide();
  }

  #press(index: number): void {
    this.#index = index;
    this.#isHeatOn = true;
    this.#drawHeat();
    this.#drawSide();
  }

  #correct(label: string | undefined): void {
    this.#app.session.correct([this.#id], label);
  }

  #key(event: KeyboardEvent): void {
    const isField = (event.target as Element).closest("input:not([type=checkbox])") !== null;
    if (isField || event.ctrlKey || event.metaKey || event.altKey) return;
    const spec = this.#app.engine.model?.spec;
    const answer = this.#app.session.get(this.#id)?.answer;
    if (event.key === "ArrowLeft") this.#go(-1);
    else if (event.key === "ArrowRight") this.#go(1);
    else if (event.key.toLowerCase() === "h") this.#setHeat(!this.#isHeatOn);
    else if (event.key === "0") this.#correct(undefined);
    else if (/^[1-9]$/.test(event.key) && spec && answer) {
      const index = keyed(spec, rankingOf(answer.probabilities))[Number(event.key) - 1];
      if (index === undefined) return;
      this.#correct(spec.labels[index]!.id);
    } else return;
    event.preventDefault();
  }
}
