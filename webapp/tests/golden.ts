/** The golden files that every port is tested against. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const GOLDEN = join(import.meta.dirname, "../../tests/golden");

/** The specs in `valid` or `invalid`: [name, text]. */
export function goldenSpecs(verdict: "valid" | "invalid"): [string, string][] {
  const folder = join(GOLDEN, "spec", verdict);
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.map((name) => [name.replace(".json", ""), readFileSync(join(folder, name), "utf8")]);
}

export function goldenJson(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(GOLDEN, name), "utf8"));
}

export const FULL_SPEC = readFileSync(join(GOLDEN, "spec/valid/full.json"), "utf8");
