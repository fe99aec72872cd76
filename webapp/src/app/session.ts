/**
 * The store: every photo of the visit, what is known of it, and which of them are shown and selected.
 *
 * Items are replaced, never changed, so that whoever draws one can compare it with what it drew last.
 */

import type { Reason } from "../contract/errors.ts";
import { arrange, type Filter, isAffected, NO_FILTER, type Order, UNSURE } from "./arrange.ts";

/** A chosen file. The handles are there where the browser gave them: with them the file can be moved. */
export interface Source {
  readonly file: File;
  readonly path: string; // "holiday/beach.jpg": below what was chosen, with forward slashes
  readonly parent?: FileSystemDirectoryHandle;
}

/** What the model said of a photo. */
export interface Answered {
  readonly probabilities: Float32Array; // [C]
  readonly label: string; // the id of the most probable class
  readonly probability: number;
  readonly band: string; // the id of the wording band
  readonly abstained: boolean;
  readonly isNamed: boolean; // it did not abstain, and the band's wording names the label: not so "not sure"
  readonly width: number;
  readonly height: number;
  readonly ms: number;
}

/** Why a photo was not classified: a reason of the contract, or "failed" for what nobody foresaw. */
export interface Refusal {
  readonly reason: Reason | "failed";
  readonly message: string;
}

export type State = "waiting" | "working" | "answered" | "refused";

export interface Item extends Source {
  readonly id: number;
  readonly name: string; // of the file
  readonly state: State;
  readonly answer?: Answered;
  readonly refusal?: Refusal;
  readonly corrected?: string; // a label's id, by hand
}

export type Counts = Readonly<Record<State, number>> & { readonly total: number };

/** `isByUser` is false where a photo was taken up or answered, which happens many times a second. */
type Listener = (isByUser: boolean) => void;

export class Session {
  readonly #items = new Map<number, Item>();
  readonly #listeners = new Set<Listener>();
  readonly #selected = new Set<number>();
  readonly #counts = { waiting: 0, working: 0, answered: 0, refused: 0 };
  #queue: number[] = []; // waiting, in their order
  #next = 0;
  #filter: Filter = NO_FILTER;
  #order: Order = "added";
  #view: readonly number[] | undefined;
  readonly #labels = new Map<string, number>(); // how many photos have which label
  #anchor: number | undefined; // where a range of selected photos starts

  /** Call `listener` after each change. Returns what ends that. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get counts(): Counts {
    return { ...this.#counts, total: this.#items.size };
  }

  get(id: number): Item | undefined {
    return this.#items.get(id);
  }

  /** Every photo, in the order of their coming. */
  all(): Item[] {
    return [...this.#items.values()];
  }

  /** The photos to show by their ids, sorted and filtered; the refused ones are listed apart. */
  get view(): readonly number[] {
    this.#view ??= arrange(this.#items.values(), this.#filter, this.#order);
    return this.#view;
  }

  /** How many photos have which label, the one that counts, or UNSURE. */
  get labels(): ReadonlyMap<string, number> {
    return this.#labels;
  }

  get filter(): Filter {
    return this.#filter;
  }

  get order(): Order {
    return this.#order;
  }

  add(sources: readonly Source[]): void {
    for (const source of sources) {
      const id = this.#next++;
      this.#set({ ...source, id, name: source.file.name, state: "waiting" });
      this.#queue.push(id);
    }
    this.#view = undefined;
    this.#changed();
  }

  /** The next photo to classify, from now on "working". */
  take(): Item | undefined {
    const id = this.#queue.shift();
    return id === undefined ? undefined : this.#update(id, { state: "working" });
  }

  /** Back to where it was: whoever took it can't finish it. */
  putBack(id: number): void {
    if (this.#items.get(id)?.state !== "working") return;
    this.#queue.unshift(id);
    this.#update(id, { state: "waiting" });
  }

  answer(id: number, answer: Answered): void {
    this.#update(id, { state: "answered", answer });
  }

  refuse(id: number, refusal: Refusal): void {
    this.#selected.delete(id);
    this.#update(id, { state: "refused", refusal });
  }

  /** Give photos their label by hand; `undefined` takes it back. */
  correct(ids: Iterable<number>, label: string | undefined): void {
    for (const id of ids) {
      const item = this.#items.get(id);
      if (item?.state !== "answered") continue;
      const { corrected: _, ...rest } = item;
      this.#set(label === undefined ? rest : { ...rest, corrected: label });
    }
    this.#view = undefined;
    this.#changed();
  }

  /** Forget the photos that have no answer yet. */
  dropWaiting(): void {
    this.#drop((item) => item.state === "waiting" || item.state === "working");
    this.#queue = [];
  }

  /** Forget these photos. */
  drop(ids: ReadonlySet<number>): void {
    this.#drop((item) => ids.has(item.id));
    this.#queue = this.#queue.filter((id) => !ids.has(id));
  }

  clear(): void {
    this.#filter = NO_FILTER;
    this.#queue = [];
    this.#drop(() => true);
  }

  /** Every photo waits again, for another model: its answer and label go, for they are of the old one's classes. */
  reset(): void {
    this.#filter = { ...NO_FILTER, text: this.#filter.text };
    this.#queue = [...this.#items.keys()];
    for (const { id, name, file, path, parent } of this.all())
      this.#set({ id, name, file, path, ...(parent ? { parent } : {}), state: "waiting" });
    this.#view = undefined;
    this.#changed();
  }

  /** These photos, and those under way, wait once more, for the same classes: what was corrected by hand stays. */
  again(ids: ReadonlySet<number>): void {
    const due = this.all().filter((item) => item.state === "working" || ids.has(item.id));
    for (const { answer: _, refusal: __, ...item } of due) this.#set({ ...item, state: "waiting" });
    this.#queue = [...new Set([...due.map((item) => item.id), ...this.#queue])];
    this.#view = undefined;
    this.#changed();
  }

  show(change: Partial<Filter> & { order?: Order }): void {
    const { order = this.#order, ...filter } = change;
    this.#order = order;
    this.#filter = { ...this.#filter, ...filter };
    this.#view = undefined;
    this.#changed();
  }

  get selected(): ReadonlySet<number> {
    return this.#selected;
  }

  /** Select a photo or let it go. */
  toggle(id: number): void {
    if (!this.#selected.delete(id)) this.#selected.add(id);
    this.#anchor = id;
    this.#changed();
  }

  /** Select from the last photo that was toggled to this one, as they are shown. */
  selectTo(id: number): void {
    const view = this.view;
    const to = view.indexOf(id);
    const from = this.#anchor === undefined ? -1 : view.indexOf(this.#anchor);
    const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    for (const each of view.slice(first, last + 1)) this.#selected.add(each);
    if (from < 0) this.#anchor = id;
    this.#changed();
  }

  /** Select all that is shown. */
  selectAll(): void {
    for (const id of this.view) this.#selected.add(id);
    this.#changed();
  }

  selectNone(): void {
    this.#selected.clear();
    this.#anchor = undefined;
    this.#changed();
  }

  #update(id: number, change: Partial<Item>): Item | undefined {
    const item = this.#items.get(id);
    if (!item) return undefined; // dropped meanwhile
    const next = { ...item, ...change };
    this.#set(next);
    if (next.state === "refused" || isAffected(this.#filter, this.#order)) this.#view = undefined;
    this.#changed(false);
    return next;
  }

  /** Put an item in its place, and keep the counts. */
  #set(item: Item): void {
    this.#count(this.#items.get(item.id), -1);
    this.#count(item, 1);
    this.#items.set(item.id, item);
  }

  #count(item: Item | undefined, by: 1 | -1): void {
    if (!item) return;
    this.#counts[item.state] += by;
    if (!item.answer) return;
    const label = labelOf(item) ?? UNSURE;
    const count = (this.#labels.get(label) ?? 0) + by;
    if (count > 0) this.#labels.set(label, count);
    else this.#labels.delete(label);
  }

  #drop(isOver: (item: Item) => boolean): void {
    for (const item of this.all())
      if (isOver(item)) {
        this.#items.delete(item.id);
        this.#selected.delete(item.id);
        this.#count(item, -1);
      }
    this.#view = undefined;
    this.#changed();
  }

  #changed(isByUser = true): void {
    for (const listener of this.#listeners) listener(isByUser);
  }
}

/** The label that counts: the one given by hand, else the model's; nothing where it was not sure. */
export function labelOf(item: Item): string | undefined {
  return item.corrected ?? (item.answer?.isNamed ? item.answer.label : undefined);
}
