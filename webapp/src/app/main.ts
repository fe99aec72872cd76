/** The page: photos in, a grid of answers out. Everything heavy happens in the pool's workers. */

import { BundleError, messageOf, PhotoError, SafelightError } from "../contract/errors.ts";
import { keyOf, parse, SPEC_NAME, type Spec } from "../contract/spec.ts";
import { displayName } from "../contract/task.ts";
import { DEFAULT_RUNTIME, RUNTIMES, type RuntimeId } from "../runtimes/index.ts";
import { about, fileFor, runtimesFor } from "./about.ts";
import { Card } from "./card.ts";
import { filesOf, photosAmong } from "./files.ts";
import { type Key, LANGUAGES, type Language, languageFor, translate } from "./i18n.ts";
import { startOffline } from "./offline/offline.ts";
import { Pool } from "./pool.ts";
import { listenProof } from "./proof/proof.ts";

const BUNDLE = new URL("bundle/", document.baseURI).href;
const THUMBNAIL = 320; // pixels
const EXAMPLES = 8; // golden photos
const KNOWN_SHOWN = 6; // labels named on the first screen

const find = <E extends HTMLElement>(id: string): E => document.querySelector<E>(`#${id}`)!;

/** A chosen file: waiting, answered, or refused with an error. */
interface Item {
  readonly file: File;
  card?: Card;
  error?: unknown;
  isDone: boolean;
}

let language: Language = languageFor(navigator.languages);
let spec: Spec | undefined;
let runtime: RuntimeId = DEFAULT_RUNTIME;
let sheltered: Promise<void> | undefined; // until then no worker starts: the policy would not bind it
let model: Promise<Pool> | undefined;
let isReady = false; // the chosen runtime has its model
let items: Item[] = [];
let current = new AbortController(); // of the photos on the page
let problem: { key: Key; why: string } | undefined;

async function start(): Promise<void> {
  listen();
  listenProof(() => language);
  write();
  sheltered = startOffline({ write, add });
  try {
    spec = await fetchSpec();
    const known = runtimesFor(spec);
    if (known.length === 0) {
      const files = spec.files.map(keyOf).join(", ");
      throw new BundleError(translate(language, "noFormat", { files }));
    }
    runtime = known.includes(DEFAULT_RUNTIME) ? DEFAULT_RUNTIME : known[0]!;
    openModel();
  } catch (error) {
    problem = { key: "noBundle", why: messageOf(error) };
  }
  write();
  if (items.length > 0) for (const item of items) void classify(item, current.signal); // dropped before the spec came
}

async function fetchSpec(): Promise<Spec> {
  const response = await fetch(new URL(SPEC_NAME, BUNDLE));
  if (!response.ok) throw new BundleError(`bundle/${SPEC_NAME}: ${response.status}`);
  return parse(await response.text(), `bundle/${SPEC_NAME}`);
}

/** Start the chosen runtime in place of the one before. */
function openModel(): void {
  const loaded = spec!;
  const previous = model;
  const { start } = RUNTIMES[runtime];
  const key = keyOf(fileFor(loaded, runtime)!);
  const options = { start, bundle: BUNDLE, spec: loaded, key, thumbnail: THUMBNAIL };
  problem = undefined;
  isReady = false;
  const opened = Promise.resolve(sheltered).then(() => Pool.open(options));
  const opening = opened.then((pool) => {
    if (model === opening) isReady = true;
    return pool;
  });
  model = opening;
  previous?.then((pool) => pool.close()).catch(() => undefined);
  opening.catch((error: unknown) => {
    if (model === opening) problem = { key: "noRuntime", why: messageOf(error) };
  });
  opening.finally(write).catch(() => undefined);
}

function add(files: readonly File[]): void {
  const added = files.map((file): Item => ({ file, isDone: false }));
  for (const item of added) {
    item.card = new Card(item.file.name);
    if (spec) item.card.write(spec, language);
    find("grid").append(item.card.element);
  }
  items = items.concat(added);
  write();
  if (spec) for (const item of added) void classify(item, current.signal);
}

async function classify(item: Item, signal: AbortSignal): Promise<void> {
  try {
    if (!model) throw new SafelightError(problem?.why ?? "");
    const pool = await model;
    const { probabilities, ms, thumbnail } = await pool.classify(item.file, signal);
    item.card?.fill({ probabilities, ms }, thumbnail);
    if (spec) item.card?.write(spec, language);
  } catch (error) {
    if (signal.aborted) return;
    item.error = error;
    item.card?.remove();
    delete item.card;
  }
  item.isDone = true;
  writeProgress();
}

/** Forget every photo; what is under way is let go of. */
function clear(): void {
  stop();
  items = [];
  write();
}

function stop(): void {
  current.abort();
  current = new AbortController();
  for (const item of items) item.card?.remove();
}

/** Classify the same photos again, with another runtime. */
function switchTo(id: RuntimeId): void {
  runtime = id;
  openModel();
  const files = items.map((item) => item.file);
  stop();
  items = [];
  add(files);
}

async function addExamples(): Promise<void> {
  const { signal } = current;
  const photos = spec?.golden?.photos.slice(0, EXAMPLES) ?? [];
  const files = photos.map(async ({ name, photo }) => {
    const response = await fetch(new URL(photo.path, BUNDLE), { signal });
    return new File([await response.blob()], name);
  });
  add(await Promise.all(files));
}

/** Write every text of the page in the current language and state. */
function write(): void {
  document.documentElement.lang = language;
  const isTouch = matchMedia("(pointer: coarse)").matches; // nothing to drop with
  for (const element of document.querySelectorAll<HTMLElement>("[data-i18n]")) {
    const { i18n, i18nTouch } = element.dataset;
    element.textContent = translate(language, ((isTouch && i18nTouch) || i18n) as Key);
  }
  if (spec) {
    const names = spec.labels.slice(0, KNOWN_SHOWN).map((label) => displayName(label, language));
    const more = spec.labels.length > KNOWN_SHOWN ? " …" : "";
    const labels = names.join(translate(language, "listSeparator")) + more;
    const count = spec.labels.length.toLocaleString(language);
    find("knows").textContent = translate(language, "knows", { name: spec.name, count, labels });
    find("examples").hidden = spec.golden === null;
    for (const item of items) item.card?.write(spec, language);
    const onRuntime = switchTo;
    find("about-body").replaceChildren(about({ spec, language, runtime, onRuntime }));
  }
  find<HTMLButtonElement>("open-about").disabled = !spec;
  find("problem").hidden = !problem;
  find("problem").textContent = problem ? translate(language, problem.key, { why: problem.why }) : "";
  document.body.classList.toggle("has-photos", items.length > 0);
  find("drop").hidden = items.length > 0;
  find("results").hidden = items.length === 0;
  writeProgress();
}

function writeProgress(): void {
  const refused = items.filter((item) => item.error !== undefined);
  const done = items.filter((item) => item.isDone).length;
  const total = items.length;
  const isDone = done === total;
  const progress = find<HTMLProgressElement>("progress");
  progress.max = Math.max(total, 1);
  progress.value = done;
  progress.classList.toggle("is-done", isDone);
  const isLoading = !isReady && !problem && done === 0;
  find("status").textContent = isLoading
    ? translate(language, "loading")
    : isDone
      ? translate(language, "finished", { total: total - refused.length })
      : translate(language, "progress", { done, total });
  find("refused-count").textContent =
    refused.length > 0 ? translate(language, "refusedCount", { count: refused.length }) : "";
  find("refused").hidden = refused.length === 0;
  find("refused-list").replaceChildren(...refused.map(refusal));
}

function refusal({ file, error }: Item): HTMLLIElement {
  const item = document.createElement("li");
  const name = Object.assign(document.createElement("span"), { className: "name", textContent: file.name });
  const why =
    error instanceof PhotoError
      ? translate(language, `reason.${error.reason}`)
      : translate(language, "reason.failed", { why: messageOf(error) });
  const reason = Object.assign(document.createElement("span"), {
    className: "muted",
    textContent: why,
    title: messageOf(error),
  });
  item.append(name, reason);
  return item;
}

function listen(): void {
  const languages = find<HTMLSelectElement>("language");
  languages.replaceChildren(...Object.entries(LANGUAGES).map(([tag, name]) => new Option(name, tag)));
  languages.value = language;
  languages.addEventListener("change", () => {
    language = languages.value as Language;
    write();
  });

  const [photos, folder] = [find<HTMLInputElement>("photos-input"), find<HTMLInputElement>("folder-input")];
  find("choose-photos").addEventListener("click", () => photos.click());
  find("add-photos").addEventListener("click", () => photos.click());
  find("choose-folder").addEventListener("click", () => folder.click());
  for (const input of [photos, folder])
    input.addEventListener("change", () => {
      add(input === folder ? photosAmong(input.files ?? []) : Array.from(input.files ?? []));
      input.value = ""; // so that the same photo can be chosen again
    });
  find("examples").addEventListener("click", () => void addExamples().catch(report));
  find("clear").addEventListener("click", clear);
  find("open-about").addEventListener("click", () => find<HTMLDialogElement>("about").showModal());

  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("is-dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("is-dragging");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("is-dragging");
    if (event.dataTransfer) void filesOf(event.dataTransfer).then(add).catch(report);
  });
  document.addEventListener("paste", (event) => {
    const files = Array.from(event.clipboardData?.files ?? []);
    if (files.length > 0) add(files);
  });
}

function report(error: unknown): void {
  problem = { key: "reason.failed", why: messageOf(error) };
  write();
}

void start();
