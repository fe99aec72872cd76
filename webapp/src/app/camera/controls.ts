/** Which camera, mirrored or not, one frame or the mean of many. */

import type { App } from "../app.ts";
import { make } from "../dom.ts";
import type { Camera } from "./device.ts";

/** What happens on a change. */
export interface Listeners {
  onCamera(id: string): void;
  onMirror(): void;
  onAverage(): void;
}

export class Controls {
  readonly #app: App;
  readonly #cameras = make("select", { id: "camera-which" });
  readonly #which = make("label", { htmlFor: "camera-which" });
  readonly #row = make("div", { className: "camera-row", hidden: true }, this.#which, this.#cameras);
  readonly #mirror = make("input", { type: "checkbox", id: "camera-mirror" });
  readonly #mirrorTitle = make("span");
  readonly #mirrorHint = make("p", { id: "camera-mirror-hint", className: "muted small" });
  readonly #average = make("input", { type: "checkbox", id: "camera-average", checked: true });
  readonly #averageTitle = make("span");
  readonly element = make(
    "div",
    { className: "camera-controls" },
    this.#row,
    make("label", { className: "camera-row" }, this.#averageTitle, this.#average),
    make("label", { className: "camera-row" }, this.#mirrorTitle, this.#mirror),
    this.#mirrorHint,
  );
  #shown: string | undefined; // the camera that the mirror was set for

  constructor(app: App, { onCamera, onMirror, onAverage }: Listeners) {
    this.#app = app;
    this.#mirror.setAttribute("aria-describedby", this.#mirrorHint.id);
    this.#cameras.addEventListener("change", () => onCamera(this.#cameras.value));
    this.#mirror.addEventListener("change", onMirror);
    this.#average.addEventListener("change", onAverage);
  }

  get isMirrored(): boolean {
    return this.#mirror.checked;
  }

  get isAveraging(): boolean {
    return this.#average.checked;
  }

  write(): void {
    this.#which.textContent = this.#app.t("camera.which");
    this.#mirrorTitle.textContent = this.#app.t("camera.mirror");
    this.#mirrorHint.textContent = this.#app.t("camera.mirrorHint");
    this.#averageTitle.textContent = this.#app.t("camera.steady");
  }

  /** Offer the cameras that there are. Another one than before starts mirrored, unless it looks away from the person. */
  offer(cameras: readonly Camera[], current: Camera): void {
    const names = namesOf(cameras, (key, values) => this.#app.t(key, values));
    this.#cameras.replaceChildren(...cameras.map(({ id }, i) => new Option(names[i], id)));
    this.#cameras.value = current.id;
    this.#row.hidden = cameras.length < 2;
    if (current.id !== this.#shown) this.#mirror.checked = current.facing !== "environment";
    this.#shown = current.id;
  }
}

/** What people call the cameras: by where they look, by the system's name where that leaves two alike, else by number. */
export function namesOf(cameras: readonly Camera[], t: App["t"]): string[] {
  return cameras.map(({ facing, label }, i) => {
    if (facing === undefined) return label || t("camera.numbered", { number: i + 1 });
    const name = t(facing === "user" ? "camera.front" : "camera.back");
    const isAlone = cameras.filter((other) => other.facing === facing).length === 1;
    return isAlone || !label ? name : t("camera.named", { name, label });
  });
}
