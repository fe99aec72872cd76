/** One photo in the grid: its picture, the wording of the answer, how sure it is, the file's name. */

import { displayName, say } from "../../contract/task.ts";
import type { App } from "../app.ts";
import { make } from "../dom.ts";
import { percent } from "../formats.ts";
import type { Item } from "../session.ts";
import { type Layout, placeOf } from "./layout.ts";

export class Cell {
  readonly element = make("div", { className: "cell", role: "option", tabIndex: -1 });
  readonly #image = make("img", { alt: "", decoding: "async", draggable: false });
  readonly #wording = make("span", { className: "wording" });
  readonly #share = make("span", { className: "share" });
  readonly #name = make("span", { className: "name" });
  #drawn: { item: Item; language: string } | undefined;
  #placed: { index: number; count: number; layout: Layout } | undefined;
  #picture: AbortController | undefined; // of the picture on show or on its way

  constructor() {
    const check = make("span", { className: "check" });
    check.setAttribute("aria-hidden", "true");
    const picture = make("span", { className: "picture" }, this.#image, check);
    const answer = make("span", { className: "answer" }, this.#wording, this.#share);
    this.element.append(picture, answer, this.#name);
  }

  /** Draw what has changed since the last time. */
  draw(app: App, item: Item, index: number, count: number, layout: Layout): void {
    this.#place(index, count, layout);
    const isSelected = `${app.session.selected.has(item.id)}`;
    if (this.element.ariaSelected !== isSelected) this.element.ariaSelected = isSelected;
    const drawn = this.#drawn;
    if (drawn?.item === item && drawn.language === app.language) return;
    this.#drawn = { item, language: app.language };
    this.#write(app, item);
    if (drawn?.item.id !== item.id) this.#hide();
    if (item.state === "answered" && !this.#picture) void this.#show(app, item);
  }

  /** Off the page: let go of the picture. */
  remove(): void {
    this.#hide();
    this.#drawn = undefined;
    this.element.remove();
  }

  #place(index: number, count: number, layout: Layout): void {
    const { element } = this;
    const placed = this.#placed;
    if (placed?.index !== index || placed.layout !== layout) {
      const { x, y } = placeOf(layout, index);
      element.style.transform = `translate(${x}px, ${y}px)`;
      element.style.width = `${layout.width}px`;
      element.style.height = `${layout.height}px`;
      element.ariaPosInSet = `${index + 1}`;
    }
    if (placed?.count !== count) element.ariaSetSize = `${count}`;
    this.#placed = { index, count, layout };
  }

  #write(app: App, item: Item): void {
    const { element } = this;
    const { state, answer, corrected, name, path } = item;
    const [wording, share] = wordsOf(app, item);
    element.dataset.id = `${item.id}`;
    element.dataset.state = state;
    element.dataset.label = answer?.label ?? "";
    element.dataset.band = answer?.abstained ? "unsure" : (answer?.band ?? "");
    element.classList.toggle("is-corrected", corrected !== undefined);
    element.title = path;
    this.#wording.textContent = wording;
    this.#share.textContent = share;
    this.#name.textContent = name;
  }

  async #show(app: App, item: Item): Promise<void> {
    const current = new AbortController();
    this.#picture = current;
    try {
      const picture = await app.thumbnails.get(item, current.signal);
      if (current.signal.aborted) return;
      const url = URL.createObjectURL(picture);
      current.signal.addEventListener("abort", () => URL.revokeObjectURL(url), { once: true });
      this.#image.src = url;
      this.element.classList.add("has-picture");
    } catch {
      // Aborted, or the file is gone: its answer stays, without a picture.
    }
  }

  #hide(): void {
    this.#picture?.abort();
    this.#picture = undefined;
    this.#image.removeAttribute("src");
    this.element.classList.remove("has-picture");
  }
}

/** "Perhaps a dog" and "71%"; a label by hand has no share. */
function wordsOf(app: App, { state, answer, corrected }: Item): [string, string] {
  const spec = app.engine.model?.spec;
  if (!answer || !spec) return [app.t(state === "working" ? "working" : "waiting"), ""];
  const label = spec.labels.find((each) => each.id === corrected);
  if (label) return [displayName(label, app.language), ""];
  const wording = answer.abstained ? app.t("unsure") : say({ ...answer, ranking: [] }, spec, app.language);
  return [wording, percent(answer.probability, app.language)];
}
