/** The pictures of the large view: what the model sees, and the heat map that lies over either. */

import { make } from "../dom.ts";
import { coloured, enlarged, evidenceFor, normalised } from "./heat.ts";
import type { Region } from "./region.ts";

const SIDE = 224; // pixels of the heat map's picture

/** Lay an element over a part of its frame. */
export function lay(element: HTMLElement, { left, top, width, height }: Region): void {
  const percent = (fraction: number) => `${(fraction * 100).toFixed(3)}%`;
  Object.assign(element.style, {
    left: percent(left),
    top: percent(top),
    width: percent(width),
    height: percent(height),
  });
}

/** Draw RGB [side,side,3]. */
export function drawPixels(canvas: HTMLCanvasElement, rgb: Uint8Array, side: number): void {
  const image = new ImageData(side, side);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    image.data.set(rgb.subarray(from, from + 3), to);
    image.data[to + 3] = 255;
  }
  draw(canvas, image);
}

/** The heat maps of one photo, all on one scale: the strongest evidence for any class in it is 1. */
export class Heat {
  readonly canvas = make("canvas", { className: "heat" });
  readonly #heatmap: Float32Array; // [h,w,C]
  readonly #shape: readonly [number, number];
  readonly #classes: number;
  readonly #strongest: number;

  constructor(heatmap: Float32Array, shape: readonly [number, number], classes: number) {
    this.canvas.setAttribute("aria-hidden", "true");
    this.#heatmap = heatmap;
    this.#shape = shape;
    this.#classes = classes;
    this.#strongest = strongestIn(heatmap, classes);
  }

  /** Draw what speaks for a class. False where nothing does. */
  draw(index: number): boolean {
    const evidence = evidenceFor(this.#heatmap, this.#classes, index);
    const values = enlarged(normalised(evidence, this.#strongest), ...this.#shape, SIDE);
    draw(this.canvas, new ImageData(coloured(values), SIDE, SIDE));
    return values.some((value) => value > 0.02);
  }
}

/** The largest evidence for any class at any place. */
function strongestIn(heatmap: Float32Array, classes: number): number {
  let strongest = 0;
  for (let from = 0; from < heatmap.length; from += classes) {
    const place = heatmap.subarray(from, from + classes);
    let [sum, most] = [0, -Infinity];
    for (const value of place) {
      sum += value;
      if (value > most) most = value;
    }
    strongest = Math.max(strongest, most - sum / classes);
  }
  return strongest;
}

function draw(canvas: HTMLCanvasElement, image: ImageData): void {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}
