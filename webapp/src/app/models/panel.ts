/** The list of models: choose one, open another from the disk, call that off, forget one. */

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
    find("cancel-opening").addEventListener("click", () => library.cancel());
    find("about").addEventListener("cancel", (event) => {
      if (!library.canCancel) return;
      event.preventDefault(); // Escape ends what is under way first, then the dialog
      library.cancel();
    });
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
    const { isBusy, canCancel, cancelled, trouble, choices } = this.#library;
    const { language, engine } = this.#app;
    const hadFocus = find("models").contains(document.activeElement);
    const done = cancelled === undefined ? "" : this.#app.t("models.cancelled", { name: cancelled });
    write(find("models-state"), isBusy ? this.#app.t("models.busy") : done);
    find("cancel-opening").hidden = !canCancel;
    find("models-trouble").hidden = !trouble;
    write(find("models-trouble"), trouble ? said(this.#app, trouble) : "");
    for (const id of ["open-archive", "open-bundle-folder"]) find<HTMLButtonElement>(id).disabled = isBusy;
    const now = JSON.stringify([language, engine.model?.id, isBusy, choices]);
    if (now !== this.#drawn) find("models-list").replaceChildren(...choices.map((choice) => this.#row(choice)));
    this.#drawn = now;
    if (hadFocus) this.#keepFocus();
  }

  /** What had the focus may be disabled or gone: it goes to what ends the opening, or to the model in use. */
  #keepFocus(): void {
    const current = document.activeElement;
    const cancel = find("cancel-opening");
    if (find("models").contains(current) && !current?.matches(":disabled, [hidden]")) return;
    const radio = find("models-list").querySelector<HTMLInputElement>("input:checked:enabled");
    (cancel.hidden ? (radio ?? find("models")) : cancel).focus();
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

/** Show the list, where what is being opened can be seen and called off. */
export function showModels(): void {
  const dialog = find<HTMLDialogElement>("about");
  if (!dialog.open) dialog.showModal();
}
