/** Which photo goes to which folder, under which name. */

import type { Spec } from "../../contract/spec.ts";
import { type Item, labelOf } from "../session.ts";
import { folderNames, Names, safe } from "./names.ts";

export const UNSURE = "_unsure"; // the folder of what the model abstained on
export const TABLE = "results.csv"; // beside the folders

export interface Placed {
  readonly item: Item;
  readonly folder: string;
  readonly name: string;
}

/** A place for every photo with an answer; two of one name get two names. */
export function plan(items: readonly Item[], spec: Spec): Placed[] {
  const folders = folderNames([...spec.labels.map((label) => label.id), UNSURE]);
  const names = new Map<string, Names>();
  return items
    .filter((item) => item.state === "answered")
    .map((item) => {
      const folder = folders.get(labelOf(item) ?? UNSURE)!;
      const taken = names.get(folder) ?? new Names();
      names.set(folder, taken);
      return { item, folder, name: taken.next(safe(item.name)) };
    });
}
