/** The dialog "Take away": a table of the answers, or the photos themselves in a folder per class. */

import "./takeaway.css";
import { messageOf } from "../../contract/errors.ts";
import type { App } from "../app.ts";
import { make } from "../dom.ts";
import type { Key } from "../i18n/index.ts";
import { canPickFolders, pickFolder } from "../intake/pickers.ts";
import type { Item } from "../session.ts";
import { copy, move, type Outcome, put } from "./folders.ts";
import { type Placed, plan, TABLE, UNSURE } from "./plan.ts";
import { csv, json } from "./table.ts";
import { zip } from "./zip.ts";

const NAME = "safelight"; // of what is saved

type Scope = "all" | "shown" | "selected";

export class Takeaway {
  static #only: Takeaway | undefined;

  /** The page's dialog. */
  static of(app: App): Takeaway {
    Takeaway.#only ??= new Takeaway(app);
    return Takeaway.#only;
  }

  readonly #app: App;
  readonly #dialog = make("dialog", { id: "takeaway", className: "takeaway" });
  #scope: Scope = "all";
  #current = new AbortController();
  #message = "";
  #done: { count: number; total: number } | undefined; // of what is being written

  private constructor(app: App) {
    this.#app = app;
    this.#dialog.setAttribute("aria-labelledby", "take-title");
    document.body.append(this.#dialog);
    this.#dialog.addEventListener("close", () => this.#current.abort());
  }

  open(): void {
    const { selected } = this.#app.session;
    this.#scope = selected.size > 0 ? "selected" : this.#isFiltered() ? "shown" : "all";
    this.#message = "";
    this.#done = undefined;
    this.#draw();
    this.#dialog.showModal();
  }

  #isFiltered(): boolean {
    const { label, band, text } = this.#app.session.filter;
    return label !== undefined || band !== undefined || text !== "";
  }

  #items(scope: Scope): readonly Item[] {
    const { session } = this.#app;
    if (scope === "shown") return session.view.map((id) => session.get(id)!).filter((item) => item.answer);
    if (scope === "selected") return session.all().filter((item) => session.selected.has(item.id) && item.answer);
    return session.all().filter((item) => item.answer || item.refusal);
  }

  #draw(): void {
    const t = this.#app.t.bind(this.#app);
    const close = make("button", { type: "button", className: "quiet", id: "take-close", textContent: t("close") });
    close.addEventListener("click", () => this.#dialog.close());
    const title = make("h2", { id: "take-title", textContent: t("take.title") });
    const body = make("div", { className: "take-body" }, this.#scopes(), ...this.#ways(), this.#state());
    this.#dialog.replaceChildren(make("div", { className: "dialog-head" }, title, close), body);
  }

  #scopes(): HTMLElement {
    const { session } = this.#app;
    const scopes: Scope[] = ["all"];
    if (this.#isFiltered()) scopes.push("shown");
    if (session.selected.size > 0) scopes.push("selected");
    const group = make("fieldset", {}, make("legend", { textContent: this.#app.t("take.scope") }));
    for (const scope of scopes) {
      const input = make("input", { type: "radio", name: "take-scope", value: scope, checked: scope === this.#scope });
      input.addEventListener("change", () => {
        this.#scope = scope;
      });
      const count = this.#items(scope).length.toLocaleString(this.#app.language);
      group.append(make("label", {}, input, make("span", { textContent: this.#app.t(`take.${scope}`, { count }) })));
    }
    return group;
  }

  #ways(): HTMLElement[] {
    const canMove = this.#app.session.all().some((item) => item.parent);
    const tables = this.#section("take.tables", this.#app.t("take.tablesHint"), [
      this.#button("take.csv", () => this.#table("csv")),
      this.#button("take.json", () => this.#table("json")),
    ]);
    const folders = this.#section("take.folders", this.#app.t("take.foldersHint", { unsure: UNSURE }), [
      ...(canPickFolders() ? [this.#button("take.copy", () => this.#copy())] : []),
      ...(canPickFolders() && canMove ? [this.#button("take.move", () => this.#askToMove())] : []),
      this.#button("take.zip", () => this.#zip()),
    ]);
    return [tables, folders];
  }

  #section(title: Key, hint: string, buttons: HTMLElement[]): HTMLElement {
    const row = make("div", { className: "take-buttons" }, ...buttons);
    const text = make("p", { className: "muted small", textContent: hint });
    return make("section", {}, make("h3", { textContent: this.#app.t(title) }), text, row);
  }

  #button(key: Key, act: () => Promise<void>): HTMLButtonElement {
    const button = make("button", { type: "button", id: key.replace(".", "-"), textContent: this.#app.t(key) });
    button.disabled = this.#done !== undefined;
    button.addEventListener("click", () => void this.#run(act));
    return button;
  }

  /** How far it is, or what came of it. */
  #state(): HTMLElement {
    const box = make("div", { id: "take-state" });
    const text = make("output", { id: "take-message", textContent: this.#message });
    text.ariaLive = "polite";
    box.append(text);
    if (this.#done) {
      const { count, total } = this.#done;
      const bar = make("progress", {
        max: Math.max(total, 1),
        value: count,
        ariaLabel: this.#app.t("progress", { done: count, total }),
      });
      const cancel = make("button", { type: "button", textContent: this.#app.t("cancel") });
      cancel.addEventListener("click", () => this.#current.abort());
      box.append(make("div", { className: "take-progress" }, bar, cancel));
    }
    return box;
  }

  async #run(act: () => Promise<void>): Promise<void> {
    this.#current = new AbortController();
    this.#message = "";
    try {
      await act();
    } catch (error) {
      const count = this.#done?.count ?? 0;
      const isStopped = this.#current.signal.aborted;
      this.#message = this.#app.t(isStopped ? "take.cancelled" : "take.failed", { count, why: messageOf(error) });
    }
    this.#done = undefined;
    this.#draw();
  }

  async #table(kind: "csv" | "json"): Promise<void> {
    const type = kind === "csv" ? "text/csv;charset=utf-8" : "application/json";
    save(new Blob(await this.#written(kind), { type }), `${NAME}.${kind}`);
  }

  async #written(kind: "csv" | "json"): Promise<string[]> {
    const { spec } = this.#app.engine.model!;
    const parts: string[] = [];
    const rows = (kind === "csv" ? csv : json)(this.#items(this.#scope), spec, this.#app.language);
    for await (const part of rows) parts.push(part);
    return parts;
  }

  async #zip(): Promise<void> {
    const { placed, done, signal } = this.#begin();
    const table = new Blob(await this.#written("csv"));
    const entries = placed.map(({ item, folder, name }) => ({
      ...{ path: `${folder}/${name}`, data: item.file, modified: new Date(item.file.lastModified) },
    }));
    const archive = await zip([...entries, { path: TABLE, data: table, modified: new Date() }], signal, done);
    save(archive, `${NAME}.zip`);
    this.#message = this.#app.t("take.done", { count: placed.length });
  }

  async #copy(): Promise<void> {
    const target = await pickFolder("readwrite");
    if (target) await this.#write(target, copy);
  }

  /** Ask in place; only a second press moves anything. */
  async #askToMove(): Promise<void> {
    const { signal } = this.#current;
    const count = this.#items(this.#scope).filter((item) => item.parent && item.answer).length;
    const yes = make("button", {
      type: "button",
      id: "take-move-confirm",
      className: "primary",
      textContent: this.#app.t("take.moveConfirm"),
    });
    const no = make("button", { type: "button", textContent: this.#app.t("cancel") });
    const text = make("p", { textContent: this.#app.t("take.moveAsk", { count }) });
    const box = make(
      "div",
      { className: "take-ask", role: "alertdialog", ariaLabel: this.#app.t("take.move") },
      text,
      yes,
      no,
    );
    this.#dialog.querySelector("#take-state")!.replaceChildren(box);
    yes.focus();
    const answer = await new Promise<boolean>((resolve) => {
      yes.addEventListener("click", () => resolve(true));
      no.addEventListener("click", () => resolve(false));
      signal.addEventListener("abort", () => resolve(false));
    });
    const target = answer ? await pickFolder("readwrite") : undefined;
    if (target) await this.#write(target, move);
  }

  async #write(target: FileSystemDirectoryHandle, how: typeof copy | typeof move): Promise<void> {
    const { placed, done, signal } = this.#begin();
    const outcome = await how(target, placed, signal, done);
    await put(target, TABLE, new Blob(await this.#written("csv")));
    this.#message = this.#told(outcome, signal.aborted);
  }

  #told({ written, moved, failures }: Outcome, isStopped: boolean): string {
    const key = isStopped ? "take.cancelled" : moved > 0 ? "take.doneMoved" : "take.done";
    const told = this.#app.t(key, { count: written, moved });
    if (failures.length === 0) return told;
    return `${told} ${this.#app.t("take.failures", { count: failures.length, why: failures[0]! })}`;
  }

  #begin(): { placed: Placed[]; done: () => void; signal: AbortSignal } {
    const placed = plan(this.#items(this.#scope), this.#app.engine.model!.spec);
    this.#done = { count: 0, total: placed.length };
    this.#draw();
    const bar = this.#dialog.querySelector("progress");
    const done = () => {
      this.#done!.count++;
      if (bar) bar.value = this.#done!.count;
    };
    return { placed, done, signal: this.#current.signal };
  }
}

/** Hand a file to the browser's downloads. */
function save(data: Blob, name: string): void {
  const url = URL.createObjectURL(data);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the download has started by then
}
