/**
 * The page: makes the app and its features, and writes the texts that index.html names.
 *
 * A feature is a folder: a class or a function that takes the `App`, wired here. What is not needed at the start is
 * imported when it is first used.
 */

import { messageOf } from "../contract/errors.ts";
import { displayName } from "../contract/task.ts";
import { about } from "./about/about.ts";
import { App } from "./app.ts";
import { Strip } from "./classify/strip.ts";
import { find } from "./dom.ts";
import { Finders } from "./grid/finders.ts";
import { Grid } from "./grid/grid.ts";
import { type Key, LANGUAGES, type Language, languageFor } from "./i18n/index.ts";
import { Intake } from "./intake/intake.ts";
import { DevicePanel } from "./models/device.ts";
import { Library } from "./models/library.ts";
import { ModelsPanel } from "./models/panel.ts";
import { startOffline } from "./offline/offline.ts";
import { listenProof } from "./proof/proof.ts";

const KNOWN_SHOWN = 6; // labels named on the first screen

const app = new App(languageFor(navigator.languages));
let written = ""; // what the static texts were written for
let trouble = ""; // the last thing that went wrong

async function start(): Promise<void> {
  const grid = new Grid(app, (id) => void openLook(id).catch(report));
  new Strip(app);
  new Finders(app);
  const library = new Library(app);
  new ModelsPanel(app, library);
  new DevicePanel(app, library);
  const intake = new Intake(app, library, report);
  listen();
  listenProof(() => app.language);
  write();
  app.onChange(write);
  app.engine.shelter = startOffline({ write: writeWords, add: (files) => intake.take(files) });
  await library.start();
  // So that they are there when the network is cut. What fails here fails again, and is told, when it is asked for.
  const features = [import("./look/look.ts"), import("./takeaway/takeaway.ts"), import("./camera/camera.ts")];
  await Promise.allSettled([...features, import("./models/unzip.ts")]);

  async function openLook(id: number): Promise<void> {
    const { Look } = await import("./look/look.ts");
    Look.of(app).open(id, (last) => grid.focus(last));
  }
}

function listen(): void {
  const languages = find<HTMLSelectElement>("language");
  languages.replaceChildren(...Object.entries(LANGUAGES).map(([tag, name]) => new Option(name, tag)));
  languages.value = app.language;
  languages.addEventListener("change", () => {
    app.language = languages.value as Language;
  });
  find("open-about").addEventListener("click", () => find<HTMLDialogElement>("about").showModal());
  for (const id of ["open-camera", "more-camera"])
    find(id).addEventListener("click", () => {
      void import("./camera/camera.ts").then(({ CameraView }) => CameraView.of(app).open()).catch(report);
    });
  for (const id of ["take", "take-selected"])
    find(id).addEventListener("click", () => {
      void import("./takeaway/takeaway.ts").then(({ Takeaway }) => Takeaway.of(app).open()).catch(report);
    });
}

/** Write the texts of the page that depend on the language and the model, and show the part that is due. */
function write(): void {
  const { session, engine, language } = app;
  const { total } = session.counts;
  document.body.classList.toggle("has-photos", total > 0);
  find("drop").hidden = total > 0;
  find("results").hidden = total === 0;
  // What has the focus may have vanished with the step that it began: without this the next Tab starts at the top.
  if (document.activeElement?.closest("[hidden]")) find(total > 0 ? "results" : "drop").focus({ preventScroll: true });
  const problem = engine.problem ? app.t(engine.problem.key, engine.problem.values) : trouble;
  find("problem").hidden = problem === "";
  find("problem").textContent = problem;
  find<HTMLButtonElement>("open-about").disabled = !engine.model && !engine.problem;
  const now = [language, engine.model?.id, engine.model?.runtime].join(" ");
  if (now === written) return;
  written = now;
  writeWords();
  writeModel();
}

function writeWords(): void {
  document.documentElement.lang = app.language;
  const isTouch = matchMedia("(pointer: coarse)").matches; // nothing to drop with
  for (const element of document.querySelectorAll<HTMLElement>(
    "[data-i18n], [data-i18n-label], [data-i18n-placeholder]",
  )) {
    const { i18n, i18nTouch, i18nLabel, i18nPlaceholder } = element.dataset;
    if (i18n) element.textContent = app.t(((isTouch && i18nTouch) || i18n) as Key);
    if (i18nLabel) element.ariaLabel = app.t(i18nLabel as Key);
    if (i18nPlaceholder) (element as HTMLInputElement).placeholder = app.t(i18nPlaceholder as Key);
  }
}

function writeModel(): void {
  const { model } = app.engine;
  if (!model) return;
  const { spec } = model;
  const names = spec.labels.slice(0, KNOWN_SHOWN).map((label) => displayName(label, app.language));
  const more = spec.labels.length > KNOWN_SHOWN ? " …" : "";
  const labels = names.join(app.t("listSeparator")) + more;
  const count = spec.labels.length.toLocaleString(app.language);
  find("knows").textContent = app.t("knows", { name: spec.name, count, labels });
  find("examples").hidden = spec.golden === null;
  find("about-body").replaceChildren(about({ model, language: app.language }));
}

function report(error: unknown): void {
  trouble = app.t("reason.failed", { why: messageOf(error) });
  write();
}

void start();
