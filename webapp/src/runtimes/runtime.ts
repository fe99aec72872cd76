/**
 * What every runtime is to the rest of the app. A runtime is one file beside this one, with a `load` like `Load`, and
 * one entry in `index.ts`; its worker in `src/worker/` is what makes it a download of its own.
 */

import { BundleError, RuntimeUnavailable } from "../contract/errors.ts";
import type { ModelFile, Spec } from "../contract/spec.ts";
import { readRecord, type Source } from "./source.ts";

/** What a network says about one photo. */
export interface Answer {
  readonly probabilities: Float32Array; // [C]
  readonly heatmap?: Float32Array; // [h, w, C], class evidence in logits, where the file has a second output
}

/** A loaded model. */
export interface Runtime {
  readonly name: string;
  run(pixels: Uint8Array): Promise<Answer>; // [S,S,3]
  dispose(): void;
}

/** Read a model file of the bundle and open it. Throws BundleError or RuntimeUnavailable. */
export type Load = (source: Source, spec: Spec, file: ModelFile) => Promise<Runtime>;

/** The parts of a model file, in their order, each compared with its size and its checksum. */
export function readParts(source: Source, file: ModelFile): Promise<Uint8Array<ArrayBuffer>[]> {
  return Promise.all(file.parts.map((part) => readRecord(source, part)));
}

/** Throws RuntimeUnavailable where there is no WebGPU: runtimes would take a slower back end, or say nothing of use. */
export async function needWebGpu(): Promise<void> {
  if (!globalThis.isSecureContext)
    throw new RuntimeUnavailable(
      "WebGPU needs a page on https or on this machine; browsers withhold it on plain http.",
    );
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  if (!(await gpu?.requestAdapter())) throw new RuntimeUnavailable("This browser offers no WebGPU adapter.");
}

/** The answer from a runtime's outputs in the order of the spec: the probabilities, then the heat map if there is one. */
export function answerOf(outputs: readonly (Float32Array | undefined)[], file: ModelFile): Answer {
  const [probabilities, heatmap] = outputs;
  if (!probabilities)
    throw new BundleError(`${file.parts[0]!.path} has no output ${file.outputs[0]?.name}. Export it again.`);
  return heatmap ? { probabilities, heatmap } : { probabilities };
}
