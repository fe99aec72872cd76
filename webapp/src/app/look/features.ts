/** What chosen layers of the network answer to the photo: pictures that are computed when somebody opens the section, and not before. */

import { messageOf } from "../../contract/errors.ts";
import type { FeatureMap } from "../../contract/spec.ts";
import type { App } from "../app.ts";
import { make } from "../dom.ts";
import { greyOf, sidesOf } from "./grey.ts";

/** A photo on show: its pixels [S,S,3], until the signal is aborted. */
interface Shown {
  readonly pixels: Uint8Array;
  readonly signal: AbortSignal;
  maps?: Readonly<Record<string, Float32Array>>; // by output
  isAsking?: boolean;
}

export class Features {
  readonly #app: App;
  readonly #summary = make("summary", { id: "look-features" });
  readonly #body = make("div", { className: "maps-body" });
  readonly #details = make("details", { className: "maps" }, this.#summary, this.#body); // stays open from photo to photo
  #shown: Shown | undefined;

  constructor(app: App) {
    this.#app = app;
    this.#details.addEventListener("toggle", () => void this.#fill());
  }

  /** The section in the page's language, filled where it is open; nothing for a model without feature maps. */
  draw(): HTMLElement[] {
    if (!this.#shown || this.#layers.length === 0) return [];
    this.#summary.textContent = this.#app.t("look.maps");
    void this.#fill();
    return [this.#details];
  }

  /** From now on for this photo. */
  show(pixels: Uint8Array, signal: AbortSignal): void {
    this.#shown = { pixels, signal };
  }

  /** No photo is on show. */
  forget(): void {
    this.#shown = undefined;
    this.#body.replaceChildren();
  }

  get #layers(): readonly FeatureMap[] {
    return this.#app.engine.model?.spec.model.feature_maps ?? [];
  }

  async #fill(): Promise<void> {
    const { pool } = this.#app.engine;
    const shown = this.#shown;
    if (!this.#details.open || !shown || !pool || shown.isAsking) return;
    shown.isAsking = true;
    try {
      if (!shown.maps) {
        this.#say(this.#app.t("working"));
        const outputs = this.#layers.map(({ output }) => output);
        shown.maps = await pool.maps(shown.pixels, outputs, shown.signal);
      }
      if (shown === this.#shown) this.#fillWith(shown.maps);
    } catch (error) {
      if (!shown.signal.aborted) this.#say(this.#app.t("look.mapsFailed", { why: messageOf(error) }));
    } finally {
      shown.isAsking = false;
    }
  }

  #say(text: string): void {
    this.#body.replaceChildren(make("p", { className: "muted small", textContent: text }));
  }

  #fillWith(maps: Readonly<Record<string, Float32Array>>): void {
    const hint = make("p", { className: "muted small", textContent: this.#app.t("look.mapsHint") });
    this.#body.replaceChildren(hint, ...this.#layers.map((layer) => this.#row(layer, maps[layer.output]!)));
  }

  #row({ layer, output, channels, layer_channels }: FeatureMap, maps: Float32Array): HTMLElement {
    const t = this.#app.t.bind(this.#app);
    const shape = this.#app.engine.model!.file.outputs.find(({ name }) => name === output)!.shape;
    const [height, width, count] = sidesOf(shape);
    const size = t("look.layerSize", { width, height, shown: count, count: layer_channels });
    const pictures = channels.map((channel, index) => {
      const ariaLabel = t("look.channel", { channel });
      const canvas = make("canvas", { width, height, role: "img", ariaLabel, title: ariaLabel });
      canvas.getContext("2d")!.putImageData(new ImageData(greyOf(maps, count, index), width, height), 0, 0);
      return make("li", {}, canvas);
    });
    const name = make(
      "figcaption",
      {},
      t("look.layer", { layer }),
      make("span", { className: "muted", textContent: size }),
    );
    return make("figure", {}, name, make("ul", {}, ...pictures));
  }
}
