/**
 * What every runtime is to the rest of the app. A runtime is one file beside this one, with a `load` like `Load`, and
 * one entry in `index.ts`; its worker in `src/worker/` is what makes it a download of its own.
 */

import { BundleError, RuntimeUnavailable } from "../contract/errors.ts";
import type { ModelFile, Spec } from "../contract/spec.ts";
import { readRecord, type Source } from "./source.ts";

/** A loaded model. */
export interface Runtime {
  readonly name: string;
  /**
   * The named outputs, in that order, for pixels [S,S,3]. Nothing is copied out of the runtime but these; TF.js, which
   * executes a graph backwards from what is asked, doesn't compute the others either.
   */
  run(pixels: Uint8Array, outputs: readonly string[]): Promise<Float32Array[]>;
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

/** A runtime's outputs, all of which must be there. Throws BundleError. */
export function present(
  found: readonly (Float32Array | undefined)[],
  outputs: readonly string[],
  file: ModelFile,
): Float32Array[] {
  return found.map((data, i) => {
    if (!data) throw new BundleError(`${file.parts[0]!.path} has no output ${outputs[i]}. Export it again.`);
    return data;
  });
}
