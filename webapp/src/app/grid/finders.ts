/** What is shown and in which order: chips for the classes, certainty, order, a name to find. And what is done with a selection. */

import type { Band, Spec } from "../../contract/spec.ts";
import { displayName } from "../../contract/task.ts";
import type { App } from "../app.ts";
import { CORRECTED, ORDERS, type Order, UNSURE } from "../arrange.ts";
import { find, make, write } from "../dom.ts";
import { numberFormat } from "../formats.ts";

const MOST_CHIPS = 24; // the commonest classes

export class Finders {
  readonly #app: App;
  #drawn = ""; // what the selects were written for

  constructor(app: App) {
    this.#app = app;
    const { session } = app;
    app.onChange(() => this.#draw());
    find("band-filter").addEventListener("change", (event) => {
      session.show({ band: (event.target as HTMLSelectElement).value || undefined });
    });
    find("order").addEventListener("change", (event) => {
      session.show({ order: (event.target as HTMLSelectElement).value as Order });
    });
    find("find").addEventListener("input", (event) => session.show({ text: (event.target as HTMLInputElement).value }));
    find("show-all").addEventListener("click", () => session.show({ label: undefined, band: undefined, text: "" }));
    find("class-filter").addEventListener("click", (event) => {
      const chip = (event.target as Element).closest<HTMLElement>("button");
      if (chip) session.show({ label: chip.dataset.label || undefined });
    });
    find("label-as").addEventListener("change", (event) => {
      const select = event.target as HTMLSelectElement;
      const labels = app.engine.model?.spec.labels ?? [];
      session.correct([...session.selected], labels[Number(select.value)]?.id); // none for "the model's own"
      select.value = "";
    });
    find("remove").addEventListener("click", () => session.drop(new Set(session.selected)));
    find("select-none").addEventListener("click", () => session.selectNone());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  #draw(): void {
    const { session, engine, language } = this.#app;
    const { selected, filter, view } = session;
    find("selection").hidden = selected.size === 0;
    write(find("selected-count"), this.#app.t("selectedCount", { count: selected.size }));
    find("nothing-shown").hidden = view.length > 0 || session.counts.answered === 0;
    find<HTMLInputElement>("find").value = filter.text;
    const spec = engine.model?.spec;
    if (!spec) return;
    this.#chips(spec);
    const now = `${language} ${spec.name} ${engine.model?.id}`;
    if (now !== this.#drawn) this.#selects(spec);
    this.#drawn = now;
    find<HTMLSelectElement>("band-filter").value = filter.band ?? "";
    find<HTMLSelectElement>("order").value = session.order;
  }

  #chips(spec: Spec): void {
    const { session, language } = this.#app;
    const counts = new Map(session.labels);
    const { label: chosen } = session.filter;
    if (chosen !== undefined && !counts.has(chosen)) counts.set(chosen, 0);
    const unsure = counts.get(UNSURE);
    counts.delete(UNSURE);
    const common = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_CHIPS);
    const isFew = spec.labels.length <= 6; // then they keep the spec's order and don't jump about
    const at = (id: string) => spec.labels.findIndex((label) => label.id === id);
    if (isFew) common.sort((a, b) => at(a[0]) - at(b[0]));
    const chips: [string, string, number][] = common.map(([id, count]) => [
      id,
      displayName(spec.labels[at(id)] ?? { id, names: {} }, language),
      count,
    ]);
    chips.unshift(["", this.#app.t("allClasses"), session.counts.total - session.counts.refused]);
    if (unsure !== undefined) chips.push([UNSURE, this.#app.t("unsure"), unsure]);
    const group = find("class-filter");
    group.hidden = chips.length === 1;
    chips.forEach(([id, name, count], i) => {
      const chip = (group.children[i] as HTMLButtonElement | undefined) ?? group.appendChild(newChip());
      if (chip.dataset.label !== id) chip.dataset.label = id;
      const isPressed = `${id === (chosen ?? "")}`;
      if (chip.ariaPressed !== isPressed) chip.ariaPressed = isPressed;
      write(chip.firstElementChild as HTMLElement, name);
      write(chip.lastElementChild as HTMLElement, numberFormat(language, {}).format(count));
    });
    while (group.children.length > chips.length) group.lastElementChild!.remove();
  }

  #selects(spec: Spec): void {
    const { language } = this.#app;
    const t = this.#app.t.bind(this.#app);
    const bands = spec.output.bands.map((band) => new Option(bandName(this.#app, band), band.id));
    if (spec.output.abstain_below > 0) bands.push(new Option(t("unsure"), UNSURE));
    const corrected = new Option(t("correctedOnly"), CORRECTED);
    find("band-filter").replaceChildren(new Option(t("anyBand"), ""), ...bands, corrected);
    find("order").replaceChildren(...ORDERS.map((order) => new Option(t(`order.${order}`), order)));
    const names = spec.labels.map((label, i) => new Option(displayName(label, language), `${i}`));
    const prompt = Object.assign(new Option(t("labelAs"), ""), { hidden: true });
    find("label-as").replaceChildren(prompt, ...names, new Option(t("labelNone"), "none"));
  }

  /** Ctrl+A and Escape, wherever the focus is outside a field and a dialog. */
  #key(event: KeyboardEvent): void {
    const { session } = this.#app;
    const isElsewhere = (event.target as Element).closest("input, select, textarea, dialog, .grid") !== null;
    if (event.defaultPrevented || isElsewhere || session.counts.total === 0) return;
    const isAll = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a";
    if (isAll) session.selectAll();
    else if (event.key === "Escape" && session.selected.size > 0) session.selectNone();
    else return;
    event.preventDefault();
  }
}

function newChip(): HTMLButtonElement {
  const count = make("span", { className: "muted" });
  return make("button", { type: "button", className: "chip" }, make("span"), count);
}

/** The wording without a label, and from which probability on: “perhaps …” · 60%+. */
function bandName(app: App, band: Band): string {
  const wording = (band.wording[app.language] || band.wording.en || "{label}").replaceAll("{label}", "…");
  const percent = numberFormat(app.language, { style: "percent" }).format(band.at_least);
  return `${app.t("bandOption", { wording })} ≥ ${percent}`;
}
