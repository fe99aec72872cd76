/** The dialog "Check it yourself": what the browser itself says about what this page can send, did ask for, and stores. */

import type { Status } from "../../sw/site.ts";
import { type Key, type Language, translate } from "../i18n/index.ts";
import { ask } from "../offline/offline.ts";
import { type Attempt, attempt, type Finding } from "./attempts.ts";
import AttemptsWorker from "./attempts.worker.ts?worker";
import { stored } from "./stored.ts";

const NOWHERE = "https://example.invalid/"; // a name that is reserved never to exist (RFC 2606)

const find = <E extends HTMLElement>(id: string): E => document.querySelector<E>(`#${id}`)!;

/** Open the dialog from its button; `language` is asked each time. */
export function listenProof(language: () => Language): void {
  find("open-proof").addEventListener("click", () => {
    find("proof-body").replaceChildren(...report(language()));
    find<HTMLDialogElement>("proof").showModal();
  });
}

function report(language: Language): Node[] {
  const say = (key: Key, values?: Record<string, string | number>) => translate(language, key, values);
  return [
    element("p", say("proofIntro")),
    section(say("proofOffline"), list("ol", lines(say("proofOfflineSteps")))),
    section(say("proofPanel"), list("ul", lines(say("proofPanelSteps")))),
    section(say("proofTry"), element("p", say("proofTryHint", { address: NOWHERE })), trial(say)),
    section(
      say("proofAsked"),
      filled(async () => asked(say)),
    ),
    section(
      say("proofStored"),
      filled(async () => storage(say, language)),
    ),
    section(say("proofLimits"), list("ul", lines(say("proofLimitsList")))),
  ];
}

type Say = (key: Key, values?: Record<string, string | number>) => string;

/** A button, and what the page and a worker found. */
function trial(say: Say): HTMLElement {
  const result = element("div", "");
  result.setAttribute("role", "status");
  const button = Object.assign(element("button", say("proofTryNow")), { type: "button", id: "proof-try" });
  button.addEventListener("click", async () => {
    button.setAttribute("disabled", "");
    result.replaceChildren(element("p", say("proofTrying")));
    result.replaceChildren(...verdict(say, await attempt(NOWHERE), await attemptInWorker()));
    result.dataset.done = "";
    button.removeAttribute("disabled");
  });
  const box = element("div", "");
  box.append(button, result);
  return box;
}

async function attemptInWorker(): Promise<Finding> {
  const worker = new AttemptsWorker();
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<Finding>) => resolve(data));
      worker.addEventListener("error", (event) => reject(new Error(event.message)));
      worker.postMessage(NOWHERE);
    });
  } finally {
    worker.terminate();
  }
}

function verdict(say: Say, page: Finding, worker: Finding): Node[] {
  const row = (where: string) => (each: Attempt) => {
    const line = element("li", `${where} · ${each.way}: ${say(`proof.${each.outcome}`)}`);
    line.dataset.outcome = each.outcome;
    return line;
  };
  const rows = [...page.attempts.map(row(say("proofPage"))), ...worker.attempts.map(row(say("proofWorker")))];
  const outcomes = new Set([...page.attempts, ...worker.attempts].map((each) => each.outcome));
  const said = outcomes.has("sent") ? "proofLeaky" : outcomes.has("failed") ? "proofUntold" : "proofTight";
  const results = list("ul", []);
  results.append(...rows);
  const nodes: Node[] = [element("p", say(said)), results];
  for (const [where, { policy }] of [
    ["proofPolicyPage", page],
    ["proofPolicyWorker", worker],
  ] as const)
    nodes.push(element("p", say(where)), element("pre", policy || say("proofNoPolicy")));
  return nodes;
}

/** What the browser has noted for this page, and what the service worker has asked of the network for all of us. */
async function asked(say: Say): Promise<Node[]> {
  const entries = performance.getEntriesByType("resource").map((entry) => entry.name);
  const elsewhere = entries.filter((name) => !name.startsWith(`${location.origin}/`) && !name.startsWith("blob:"));
  const status = await ask<Status>("status");
  const nodes: Node[] = [
    element("p", say("proofAskedCount", { count: entries.length, elsewhere: elsewhere.length })),
    details(say("proofAskedPage"), entries),
  ];
  if (status?.version) {
    nodes.push(element("p", say("proofVersion", { version: status.version.slice(0, 12), files: status.files })));
    nodes.push(details(say("proofAskedNetwork", { count: status.asked.length }), status.asked));
  } else nodes.push(element("p", say("offlineNone")));
  return nodes;
}

async function storage(say: Say, language: Language): Promise<Node[]> {
  const { files, databases, folder, entries, bytes } = await stored();
  const size = (bytes / 1e6).toLocaleString(language, { maximumFractionDigits: 1 });
  return [
    element("p", say("proofStoredCount", { files: files.length, size, entries })),
    details(say("proofStoredFiles"), [...files, ...databases, ...folder]),
  ];
}

function section(title: string, ...children: Node[]): HTMLElement {
  const box = element("section", "");
  box.append(element("h3", title), ...children);
  return box;
}

/** An element that `make` fills as soon as it can. */
function filled(make: () => Promise<Node[]>): HTMLElement {
  const box = element("div", "");
  make().then(
    (nodes) => box.replaceChildren(...nodes),
    (error: unknown) => box.replaceChildren(element("p", String(error))),
  );
  return box;
}

function details(summary: string, items: readonly string[]): HTMLElement {
  const box = element("details", "");
  box.append(element("summary", summary), list("ul", items));
  return box;
}

function list(tag: "ul" | "ol", items: readonly string[]): HTMLElement {
  const box = element(tag, "");
  box.append(...items.map((item) => element("li", item)));
  return box;
}

function element(tag: string, text: string): HTMLElement {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}

const lines = (text: string): string[] => text.split("\n");
