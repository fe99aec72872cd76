/** Which photos are shown, and in which order. */

import { type Item, labelOf } from "./session.ts";

export const ORDERS = ["added", "name", "class", "surest", "unsurest"] as const;
export type Order = (typeof ORDERS)[number];

// Instead of an id of the spec; spaces at both ends keep them apart from any that people write.
export const UNSURE = " unsure "; // as a label: the answer names none. As a band: the model abstained
export const CORRECTED = " corrected "; // as a band: a label by hand

export interface Filter {
  readonly label: string | undefined; // an id or UNSURE
  readonly band: string | undefined; // an id, UNSURE or CORRECTED
  readonly text: string; // found in the path, in any case
}

export const NO_FILTER: Filter = { label: undefined, band: undefined, text: "" };

/** The ids of the items that pass, sorted; those without an answer come last. Refused ones never pass. */
export function arrange(items: Iterable<Item>, filter: Filter, order: Order): number[] {
  const text = filter.text.trim().toLowerCase();
  const shown: Item[] = [];
  for (const item of items) if (passes(item, filter, text)) shown.push(item);
  if (order !== "added") shown.sort(COMPARE[order]);
  return shown.map((item) => item.id);
}

/** Whether an answer can change what `arrange` gives. */
export function isAffected({ label, band }: Filter, order: Order): boolean {
  return label !== undefined || band !== undefined || (order !== "added" && order !== "name");
}

/** The band under which an item is found. */
export function bandOf({ answer }: Item): string | undefined {
  return answer?.abstained ? UNSURE : answer?.band;
}

function passes(item: Item, { label, band }: Filter, text: string): boolean {
  if (item.state === "refused") return false;
  if (label !== undefined && (!item.answer || (labelOf(item) ?? UNSURE) !== label)) return false;
  if (band === CORRECTED ? item.corrected === undefined : band !== undefined && bandOf(item) !== band) return false;
  return text === "" || item.path.toLowerCase().includes(text);
}

const names = new Intl.Collator(undefined, { numeric: true });

const COMPARE: Record<Exclude<Order, "added">, (a: Item, b: Item) => number> = {
  name: (a, b) => names.compare(a.path, b.path) || a.id - b.id,
  class: (a, b) => names.compare(labelOf(a) ?? "\uffff", labelOf(b) ?? "\uffff") || COMPARE.surest(a, b),
  surest: (a, b) => certainty(b, -1) - certainty(a, -1) || a.id - b.id,
  unsurest: (a, b) => certainty(a, 2) - certainty(b, 2) || a.id - b.id,
};

/** How sure the model is; `missing` where there is no answer yet. */
function certainty({ answer }: Item, missing: number): number {
  return answer?.probability ?? missing;
}
