/** The answers as CSV and as JSON, in pieces: a thousand classes of thousands of photos are too long for one string. */

import type { Spec } from "../../contract/spec.ts";
import { say } from "../../contract/task.ts";
import type { Item } from "../session.ts";

const PIECE = 25; // photos between two breaths of the page: with 1000 classes, 10 ms

/** A spreadsheet's table: one row a photo, refused ones with their reason as verdict. UTF-8 with a mark, for Excel. */
export async function* csv(items: readonly Item[], spec: Spec, language: string): AsyncGenerator<string> {
  const classes = spec.labels.map((label) => `probability ${label.id}`);
  const head = ["photo", "verdict", "label", "label_corrected", "probability", "band", "abstained", "wording"];
  yield `\ufeff${line([...head, ...classes])}`;
  for await (const piece of pieces(items)) yield piece.map((item) => line(cells(item, spec, language))).join("");
}

/** A list of objects whose names are those of `safelight predict --json`. */
export async function* json(items: readonly Item[], spec: Spec, language: string): AsyncGenerator<string> {
  let separator = "[\n";
  for await (const piece of pieces(items)) {
    yield separator + piece.map((item) => JSON.stringify(record(item, spec, language))).join(",\n");
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}

/** One line of RFC 4180. */
export function line(values: readonly string[]): string {
  return `${values.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(",")}\r\n`;
}

function cells(item: Item, spec: Spec, language: string): string[] {
  const { path, answer, refusal, corrected = "" } = item;
  if (!answer) return [path, refusal?.reason ?? "waiting", "", "", "", "", "", "", ...spec.labels.map(() => "")];
  const { label, probability, band, abstained, probabilities } = answer;
  const wording = say({ ...answer, ranking: [] }, spec, language);
  const shares = Array.from(probabilities, (share) => `${exact(share)}`);
  return [path, "ok", label, corrected, `${exact(probability)}`, band, `${abstained}`, wording, ...shares];
}

function record(item: Item, spec: Spec, language: string): object {
  const { path: photo, answer, refusal, corrected = null } = item;
  if (!answer) return { photo, error: refusal?.reason ?? "waiting", message: refusal?.message ?? "" };
  const { label, probability, band, abstained, probabilities } = answer;
  const wording = say({ ...answer, ranking: [] }, spec, language);
  const shares = Object.fromEntries(spec.labels.map(({ id }, i) => [id, exact(probabilities[i]!)]));
  return {
    ...{ photo, label, label_corrected: corrected, probability: exact(probability), band, abstained, wording },
    probabilities: shares,
  };
}

/** The shortest number that is the same float32: nine digits are always enough. */
function exact(share: number): number {
  return Number(share.toPrecision(9));
}

async function* pieces(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  for (let from = 0; from < items.length; from += PIECE) {
    await new Promise((resolve) => setTimeout(resolve));
    yield items.slice(from, from + PIECE);
  }
}
