/** Stage 4 of 4: probabilities → label, wording band, abstention. The port of `safelight/task.py`. */

import type { Label, Spec } from "./spec.ts";

/** The answer for one photo. */
export interface Prediction {
  readonly label: string; // the id of the most probable class
  readonly probability: number;
  readonly band: string; // the id of the wording band
  readonly abstained: boolean; // probability < output.abstain_below
  readonly ranking: readonly (readonly [label: string, probability: number])[]; // most probable first
}

/** The answer that [C] probabilities mean under `spec`; of equal ones the first label wins. */
export function predict(probabilities: ArrayLike<number>, spec: Spec, top = 5): Prediction {
  const order = Array.from({ length: probabilities.length }, (_, i) => i)
    .sort((a, b) => probabilities[b]! - probabilities[a]! || a - b)
    .slice(0, top);
  const ranking = order.map((i) => [spec.labels[i]!.id, probabilities[i]!] as const);
  const [label, best] = ranking[0]!;
  const band = spec.output.bands.find((each) => best >= each.at_least)!;
  return { label, probability: best, band: band.id, abstained: best < spec.output.abstain_below, ranking };
}

/** What people read in `language`, else in English, else the id. */
export function displayName(label: Label, language = "en"): string {
  return label.names[language] || label.names.en || label.id;
}

/** The band's wording with the label's name filled in: "perhaps a dog". */
export function say(prediction: Prediction, spec: Spec, language = "en"): string {
  const band = spec.output.bands.find((each) => each.id === prediction.band)!;
  const wording = band.wording[language] || band.wording.en || "{label}";
  const label = spec.labels.find((each) => each.id === prediction.label)!;
  return wording.replaceAll("{label}", displayName(label, language));
}
