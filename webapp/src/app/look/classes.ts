/** The right half of the large view: every probability, and the label by hand. */

import type { Spec } from "../../contract/spec.ts";
import { displayName } from "../../contract/task.ts";
import type { App } from "../app.ts";
import { make } from "../dom.ts";
import { percent } from "../formats.ts";
import type { Item } from "../session.ts";

const SHOWN = 8; // probabilities, before the rest is asked for
const KEYS = 9; // classes that a digit chooses

/** Class indices, the most probable first. */
export function rankingOf(probabilities: Float32Array): number[] {
  return Array.from(probabilities.keys()).sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
}

/** The classes that the digits 1…9 stand for: all of them in the spec's order where they are few, else the most probable. */
export function keyed(spec: Spec, ranking: readonly number[]): number[] {
  return spec.labels.length <= KEYS ? [...spec.labels.keys()] : ranking.slice(0, KEYS);
}

/** The list of probabilities; a class that is pressed shows its heat map. */
export function probabilities(
  app: App,
  spec: Spec,
  answer: Float32Array,
  pressed: number,
  press: (index: number) => void,
): HTMLElement {
  const ranking = rankingOf(answer);
  const list = make("ol", { className: "ranking" });
  const rows = (indices: number[]) =>
    indices.map((index) => make("li", {}, row(app, spec, answer, index, index === pressed, press)));
  list.append(...rows(ranking.slice(0, SHOWN)));
  const box = make("section", { className: "classes" }, make("h3", { textContent: app.t("look.classes") }), list);
  const rest = ranking.slice(SHOWN);
  if (rest.length > 0) {
    const count = ranking.length.toLocaleString(app.language);
    const more = make("button", {
      type: "button",
      className: "quiet more",
      textContent: app.t("look.more", { count }),
    });
    more.addEventListener("click", () => {
      list.append(...rows(rest));
      more.remove();
    });
    box.append(more);
  }
  if (spec.model.heatmap) box.append(make("p", { className: "muted small", textContent: app.t("look.classesHint") }));
  return box;
}

function row(
  app: App,
  spec: Spec,
  answer: Float32Array,
  index: number,
  isPressed: boolean,
  press: (index: number) => void,
): HTMLElement {
  const label = spec.labels[index]!;
  const button = make(
    "button",
    { type: "button", className: "probability" },
    make("span", { className: "label", textContent: displayName(label, app.language) }),
    make("span", { className: "share", textContent: percent(answer[index]!, app.language) }),
  );
  button.dataset.label = label.id;
  button.dataset.index = `${index}`;
  button.ariaPressed = `${isPressed}`;
  button.disabled = !spec.model.heatmap;
  button.style.setProperty("--share", `${(answer[index]! * 100).toFixed(1)}%`);
  button.addEventListener("click", () => press(index));
  return button;
}

/** The label by hand: buttons with their digits, and a field for the names of many classes. */
export function correction(
  app: App,
  spec: Spec,
  item: Item,
  answer: Float32Array,
  set: (label: string | undefined) => void,
): HTMLElement {
  const box = make("fieldset", { className: "correction" }, make("legend", { textContent: app.t("look.right") }));
  const choices = keyed(spec, rankingOf(answer));
  const chosen = spec.labels.findIndex((label) => label.id === item.corrected);
  const shown = chosen < 0 || choices.includes(chosen) ? choices : [...choices, chosen];
  const buttons = shown.map((index, i) => {
    const label = spec.labels[index]!;
    const isSet = item.corrected === label.id;
    const button = make(
      "button",
      { type: "button", className: "chip" },
      ...(i < choices.length ? [make("kbd", { textContent: `${i + 1}` })] : []),
      displayName(label, app.language),
    );
    button.dataset.label = label.id;
    button.ariaPressed = `${isSet}`;
    button.addEventListener("click", () => set(isSet ? undefined : label.id));
    return button;
  });
  box.append(make("div", { className: "chips" }, ...buttons));
  if (choices.length < spec.labels.length) box.append(other(app, spec, item, set));
  box.append(make("p", { className: "muted small", textContent: app.t("look.rightHint") }));
  return box;
}

function other(app: App, spec: Spec, item: Item, set: (label: string | undefined) => void): HTMLElement {
  const names = distinctNames(spec, app.language);
  const list = make("datalist", { id: "look-labels" }, ...names.map((name) => make("option", { value: name })));
  const input = make("input", { type: "text", placeholder: app.t("look.other"), ariaLabel: app.t("look.other") });
  input.setAttribute("list", list.id);
  input.value = names[spec.labels.findIndex((label) => label.id === item.corrected)] ?? "";
  input.addEventListener("change", () => {
    const index = names.indexOf(input.value);
    input.setCustomValidity(input.value === "" || index >= 0 ? "" : app.t("look.unknown"));
    if (input.reportValidity()) set(spec.labels[index]?.id);
  });
  return make("div", {}, input, list);
}

/** What people type for each class; two classes of one name carry their ids. */
export function distinctNames(spec: Spec, language: string): string[] {
  const names = spec.labels.map((label) => displayName(label, language));
  return names.map((name, i) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${spec.labels[i]!.id})`,
  );
}
