/** The ways in: buttons, a drop, a paste; `take` is for whoever else hands over files, such as a share target. */

import { readRecord } from "../../runtimes/source.ts";
import type { App } from "../app.ts";
import { find } from "../dom.ts";
import { folderOf, isArchive } from "../models/disk.ts";
import type { Library } from "../models/library.ts";
import { showModels } from "../models/panel.ts";
import { dropped, droppedBundle, listed, loose, walkHandle } from "./files.ts";
import { canPickFolders, pickFolder } from "./pickers.ts";

const EXAMPLES = 8; // golden photos

export class Intake {
  readonly #app: App;
  readonly #library: Library;
  readonly #report: (error: unknown) => void;

  /** `report` is told what goes wrong on the way. */
  constructor(app: App, library: Library, report: (error: unknown) => void) {
    this.#app = app;
    this.#library = library;
    this.#report = report;
    this.#listenToButtons();
    this.#listenToDocument();
  }

  /** Classify these files. */
  take(files: Iterable<File>): void {
    this.#app.session.add(loose(files));
  }

  #listenToButtons(): void {
    const [photos, folder] = [find<HTMLInputElement>("photos-input"), find<HTMLInputElement>("folder-input")];
    find("choose-photos").addEventListener("click", () => photos.click());
    find("add-photos").addEventListener("click", () => photos.click());
    find("choose-folder").addEventListener("click", () => {
      if (canPickFolders()) void this.#fromFolder().catch(this.#report);
      else folder.click();
    });
    for (const input of [photos, folder])
      input.addEventListener("change", () => {
        this.#app.session.add((input === folder ? listed : loose)(input.files ?? []));
        input.value = ""; // so that the same photo can be chosen again
      });
    find("examples").addEventListener("click", () => void this.#examples().catch(this.#report));
  }

  #listenToDocument(): void {
    document.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.add("is-dragging");
    });
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) document.body.classList.remove("is-dragging");
    });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("is-dragging");
      if (event.dataTransfer) void this.#drop(event.dataTransfer).catch(this.#report);
    });
    document.addEventListener("paste", (event) => {
      const files = Array.from(event.clipboardData?.files ?? []);
      if (files.length > 0) this.take(files);
    });
  }

  /** Photos, or a model: a single archive, or a folder with a spec.json. */
  async #drop(transfer: DataTransfer): Promise<void> {
    const [only, second] = Array.from(transfer.files);
    const [bundle, sources] = await Promise.all([droppedBundle(transfer), dropped(transfer)]); // both before any await
    const archive = only && !second && isArchive(only) ? only : undefined;
    if (bundle || archive) showModels();
    if (bundle) await this.#library.openFolder(bundle.name, folderOf(bundle.files));
    else if (archive) await this.#library.openArchive(archive);
    else this.#app.session.add(sources);
  }

  async #fromFolder(): Promise<void> {
    const folder = await pickFolder("read");
    if (folder) this.#app.session.add(await walkHandle(folder));
  }

  /** The bundle's golden photos. */
  async #examples(): Promise<void> {
    const { model } = this.#app.engine;
    const photos = model?.spec.golden?.photos.slice(0, EXAMPLES) ?? [];
    const files = photos.map(async ({ name, photo }) => {
      return new File([await readRecord(model!.source, photo)], name);
    });
    this.take(await Promise.all(files));
  }
}
