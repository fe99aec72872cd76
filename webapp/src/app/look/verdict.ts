/** The answer in words: the band's wording or the label by hand, and what comes closest. */

import type { Spec } from "../../contract/spec.ts";
import { displayName, predict, say } from "../../contract/task.ts";
import type { App } from "../app.ts";
import { make } from "../dom.ts";
import { percent } from "../formats.ts";
import type { Item } from "../session.ts";

export function verdict(app: App, spec: Spec, { answer, corrected }: Item): HTMLElement {
  const title = make("h2", { id: "look-title", className: "wording" });
  const box = make("div", { className: "verdict" }, title);
  if (!answer) {
    title.textContent = app.t("working");
    return box;
  }
  const nameOf = (id: string) => displayName(spec.labels.find((label) => label.id === id)!, app.language);
  const prediction = predict(answer.probabilities, spec, 2);
  const wording = prediction.abstained ? app.t("unsure") : say(prediction, spec, app.language);
  const share = percent(prediction.probability, app.language);
  if (corrected !== undefined) {
    title.textContent = nameOf(corrected);
    box.append(make("p", { className: "muted", textContent: app.t("look.modelSaid", { wording, share }) }));
    return box;
  }
  title.append(`${wording} `, make("span", { className: "share", textContent: share }));
  const [label, probability] = prediction.ranking[1]!;
  const closest = { label: nameOf(label), share: percent(probability, app.language) };
  box.append(make("p", { className: "muted", textContent: app.t("look.closest", closest) }));
  return box;
}
