/**
 * The photos: only the cells in sight are elements, however many photos there are. A list box whose options are laid out
 * in rows, with one tab stop: arrows, Home, End and Page keys move, Enter opens, Space selects, Shift extends.
 */

import { type App, perFrame } from "../app.ts";
import { find } from "../dom.ts";
import type { Item } from "../session.ts";
import { Cell } from "./cell.ts";
import { heightOf, type Layout, layoutOf, moved, placeOf, visible } from "./layout.ts";

const BEYOND = 0.5; // screens drawn above and below the one in sight

export class Grid {
  readonly #app: App;
  readonly #open: (id: number) => void;
  readonly #element = find("grid");
  readonly #cells = new Map<number, Cell>(); // by the photo's id
  #spare: Cell[] = [];
  #layout: Layout = layoutOf(1, 1, 0, 0);
  #measured = "";
  #active: number | undefined; // the photo that has the tab stop
  readonly #drawSoon = perFrame(() => this.#draw());

  constructor(app: App, open: (id: number) => void) {
    this.#app = app;
    this.#open = open;
    app.onChange(() => this.#draw());
    addEventListener("scroll", this.#drawSoon, { passive: true });
    new ResizeObserver(this.#drawSoon).observe(this.#element);
    this.#element.addEventListener("click", (event) => this.#click(event));
    this.#element.addEventListener("keydown", (event) => this.#key(event));
    this.#element.addEventListener("focusin", (event) => this.#activate(idOf(event.target)));
  }

  /** Bring a photo into sight and give it the focus. */
  focus(id: number): void {
    const index = this.#app.session.view.indexOf(id);
    if (index < 0) return;
    this.#activate(id);
    this.#reveal(index);
    this.#draw();
    this.#cells.get(id)?.element.focus({ preventScroll: true });
  }

  #draw(): void {
    const { view, selected } = this.#app.session;
    if (this.#element.clientWidth === 0) {
      this.#keepOnly(new Set()); // hidden
      return;
    }
    this.#measure();
    this.#element.style.height = `${heightOf(this.#layout, view.length)}px`;
    this.#element.classList.toggle("is-selecting", selected.size > 0);
    const top = -this.#element.getBoundingClientRect().top;
    const [first, end] = visible(this.#layout, view.length, top - BEYOND * innerHeight, (1 + 2 * BEYOND) * innerHeight);
    const indices = Array.from({ length: end - first }, (_, i) => first + i);
    const active = this.#active === undefined ? -1 : view.indexOf(this.#active);
    if (active < 0) this.#active = view[0];
    if (active >= 0 && active < first) indices.unshift(active);
    if (active >= end) indices.push(active);
    const shown = indices.map((index) => ({ item: this.#app.session.get(view[index]!)!, index }));
    const hadFocus = this.#element.contains(document.activeElement);
    this.#keepOnly(new Set(shown.map(({ item }) => item.id)));
    for (const [place, { item, index }] of shown.entries()) this.#place(item, index, place, view.length);
    if (hadFocus && !this.#element.contains(document.activeElement)) this.#refocus(); // a cell that moves loses it
  }

  /** The layout is one object until the page's width or text size changes. */
  #measure(): void {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const width = this.#element.clientWidth;
    const measured = `${width} ${rem}`;
    if (measured === this.#measured) return;
    this.#measured = measured;
    const isNarrow = width < 40 * rem;
    const [least, gap, caption] = isNarrow ? [6.5, 0.5, 1.9] : [11, 0.9, 3.1];
    this.#layout = layoutOf(width, least! * rem, gap! * rem, caption! * rem);
  }

  #refocus(): void {
    if (this.#active !== undefined) this.#cells.get(this.#active)?.element.focus({ preventScroll: true });
  }

  #place(item: Item, index: number, place: number, count: number): void {
    const cell = this.#cells.get(item.id) ?? this.#spare.pop() ?? new Cell();
    this.#cells.set(item.id, cell);
    cell.draw(this.#app, item, index, count, this.#layout);
    cell.element.tabIndex = item.id === this.#active ? 0 : -1;
    const there = this.#element.children[place] ?? null;
    if (there !== cell.element) this.#element.insertBefore(cell.element, there);
  }

  #keepOnly(ids: ReadonlySet<number>): void {
    for (const [id, cell] of this.#cells)
      if (!ids.has(id)) {
        cell.remove();
        this.#cells.delete(id);
        this.#spare.push(cell);
      }
  }

  #activate(id: number | undefined): void {
    if (id === undefined || id === this.#active) return;
    const before = this.#active === undefined ? undefined : this.#cells.get(this.#active);
    if (before) before.element.tabIndex = -1;
    this.#active = id;
    const cell = this.#cells.get(id);
    if (cell) cell.element.tabIndex = 0;
  }

  /** Scroll as little as needed to show a cell whole, below the bar that stays on top. */
  #reveal(index: number): void {
    const { y } = placeOf(this.#layout, index);
    const top = this.#element.getBoundingClientRect().top + y;
    const above = find("strip").offsetHeight + this.#layout.gap;
    const below = top + this.#layout.height + this.#layout.gap - innerHeight;
    if (top < above) scrollBy({ top: top - above });
    else if (below > 0) scrollBy({ top: below });
  }

  #click(event: MouseEvent): void {
    const id = idOf(event.target);
    if (id === undefined) return;
    const { session } = this.#app;
    const isCheck = (event.target as Element).closest(".check") !== null;
    if (event.shiftKey) session.selectTo(id);
    else if (isCheck || event.ctrlKey || event.metaKey || session.selected.size > 0) session.toggle(id);
    else this.#open(id);
  }

  #key(event: KeyboardEvent): void {
    const { session } = this.#app;
    const { view } = session;
    const id = idOf(event.target);
    if (id === undefined || event.altKey) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key.toLowerCase() === "a") session.selectAll();
    else if (event.key === "Enter") this.#open(id);
    else if (event.key === " ") session.toggle(id);
    else if (event.key === "Escape" && session.selected.size > 0) session.selectNone();
    else {
      const index = view.indexOf(id);
      const rows = Math.max(1, Math.floor((innerHeight - find("strip").offsetHeight) / this.#layout.height));
      const to = moved(event.key, index, this.#layout.columns, view.length, rows);
      if (to === undefined) return;
      if (event.shiftKey) {
        if (session.selected.size === 0) session.toggle(id);
        session.selectTo(view[to]!);
      }
      this.focus(view[to]!);
    }
    event.preventDefault();
  }
}

function idOf(target: EventTarget | null): number | undefined {
  const id = (target as Element | null)?.closest<HTMLElement>(".cell")?.dataset.id;
  return id === undefined ? undefined : Number(id);
}
