/** The panel "About this model": what it is, and how it was proven. */

import { keyOf, sizeOf } from "../../contract/spec.ts";
import { displayName } from "../../contract/task.ts";
import { type Key, type Language, translate } from "../i18n/index.ts";
import type { Model } from "../models/model.ts";

const LABELS_SHOWN = 60;

/** What the panel shows. */
export interface AboutState {
  readonly model: Model;
  readonly language: Language;
}

/** The panel's content. */
export function about(state: AboutState): DocumentFragment {
  const fragment = document.createDocumentFragment();
  fragment.append(facts(state), proof(state), classes(state));
  return fragment;
}

function facts({ model, language }: AboutState): HTMLElement {
  const { spec, file } = model;
  const { size } = spec.input;
  const number = new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 3 });
  const parameters = translate(language, "parameters", { count: number.format(spec.model.parameters) });
  const rows: [Key, string][] = [
    ["architecture", `${spec.model.architecture} · ${parameters}`],
    ["input", translate(language, "inputValue", { size })],
    ["download", `${file.parts[0]!.path} · ${(sizeOf(file) / 1e6).toFixed(1)} MB · ${file.precision}`],
    ["source", [spec.provenance.source, spec.provenance.recipe].filter(Boolean).join(" · ")],
  ];
  const box = element("section", "", element("h3", spec.name));
  const list = element("dl");
  for (const [key, value] of rows) list.append(element("dt", translate(language, key)), element("dd", value));
  box.append(list);
  return box;
}

function proof({ model, language }: AboutState): HTMLElement {
  const { spec, runtime } = model;
  const box = element("section", "", element("h3", translate(language, "proof")));
  const seen = spec.files.flatMap((file) => file.parity.map((parity) => ({ ...parity, key: keyOf(file), file })));
  if (seen.length === 0) {
    box.append(element("p", translate(language, "proofNone"), "muted"));
    return box;
  }
  box.append(element("p", translate(language, "proofHint"), "muted"));
  const heads = (["proofRuntime", "proofImages", "proofDifference", "proofFlips"] as const).map((key) =>
    element("th", translate(language, key)),
  );
  const rows = seen.map((parity) => {
    const cells = [`${parity.images}`, parity.max_abs_probability.toExponential(1), `${parity.flips}`];
    const row = element(
      "tr",
      "",
      element("th", `${parity.runtime} · ${parity.key}`),
      ...cells.map((text) => element("td", text)),
    );
    const isOurs = parity.file === model.file && parity.runtime.split("/").at(-1) === runtime;
    if (isOurs) row.className = "is-current";
    return row;
  });
  const table = element("table", "", element("thead", "", element("tr", "", ...heads)), element("tbody", "", ...rows));
  box.append(element("div", "", table));
  box.lastElementChild!.className = "scroll";
  return box;
}

function classes({ model, language }: AboutState): HTMLElement {
  const { spec } = model;
  const names = spec.labels.slice(0, LABELS_SHOWN).map((label) => displayName(label, language));
  const more = spec.labels.length > LABELS_SHOWN ? " …" : "";
  const title = `${translate(language, "classes")} · ${spec.labels.length.toLocaleString(language)}`;
  return element(
    "section",
    "",
    element("h3", title),
    element("p", names.join(translate(language, "listSeparator")) + more, "muted"),
  );
}

/** An element with a text, or with a text's class when the third argument is one, or with children. */
function element(tag: string, text = "", ...rest: (Node | string)[]): HTMLElement {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  for (const each of rest) {
    if (typeof each === "string") node.className = each;
    else node.append(each);
  }
  return node;
}
