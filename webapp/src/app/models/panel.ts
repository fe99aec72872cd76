/** The list of models: choose one, open another from the disk, forget one. */

import type { App } from "../app.ts";
import { find, make, write } from "../dom.ts";
import { folderOf } from "./disk.ts";
import type { Choice, Library } from "./library.ts";
import { said } from "./said.ts";

export class ModelsPanel {
  readonly #app: App;
  readonly #library: Library;
  #drawn = "";

  constructor(app: App, library: Library) {
    this.#app = app;
    this.#library = library;
    app.onChange(() => this.#draw());
    library.subscribe(() => this.#draw());
    const [archive, folder] = [find<HTMLInputElement>("archive-input"), find<HTMLInputElement>("bundle-input")];
    find("open-archive").addEventListener("click", () => archive.click());
    find("open-bundle-folder").addEventListener("click", () => folder.click());
    archive.addEventListener("change", () => {
      const [file] = archive.files ?? [];
      if (file) void library.openArchive(file);
      archive.value = "";
    });
    folder.addEventListener("change", () => {
      const files = Array.from(folder.files ?? [], (file) => ({ file, path: file.webkitRelativePath }));
      if (files[0]) void library.openFolder(files[0].path.split("/")[0]!, folderOf(files));
      folder.value = "";
    });
  }

  #draw(): void {
    const { isBusy, trouble, choices } = this.#library;
    const { language, engine } = this.#app;
    write(find("models-state"), isBusy ? this.#app.t("models.busy") : "");
    find("models-trouble").hidden = !trouble;
    write(find("models-trouble"), trouble ? said(this.#app, trouble) : "");
    for (const id of ["open-archive", "open-bundle-folder"]) find<HTMLButtonElement>(id).disabled = isBusy;
    const now = JSON.stringify([language, engine.model?.id, isBusy, choices]);
    if (now === this.#drawn) return; // the focus stays where it is
    this.#drawn = now;
    find("models-list").replaceChildren(...choices.map((choice) => this.#row(choice)));
  }

  #row({ id, name, bytes }: Choice): HTMLLIElement {
    const { t, language } = { t: this.#app.t.bind(this.#app), language: this.#app.language };
    const size = ((bytes ?? 0) / 1e6).toLocaleString(language, { maximumFractionDigits: 1 });
    const radio = make("input", { type: "radio", name: "model", value: id, disabled: this.#library.isBusy });
    radio.checked = this.#app.engine.model?.id === id;
    radio.addEventListener("change", () => void this.#library.choose(id));
    const where = bytes === undefined ? t("models.ours") : t("models.kept", { size });
    const label = make(
      "label",
      {},
      radio,
      make("span", {}, name, make("span", { className: "muted", textContent: where })),
    );
    const row = make("li", { className: "choice" }, label);
    if (bytes === undefined) return row;
    const forget = make("button", { type: "button", className: "quiet", textContent: t("models.forget") });
    forget.disabled = this.#library.isBusy;
    forget.ariaLabel = t("models.forgetName", { name });
    forget.addEventListener("click", () => void this.#library.forget(id));
    row.append(forget);
    return row;
  }
}
