/**
 * What every runtime is to the rest of the app. A runtime is one file beside this one, with a `load` like `Load`, and
 * one entry in `index.ts`; its worker in `src/worker/` is what makes it a download of its own.
 */

import { BundleError, messageOf, RuntimeUnavailable } from "../contract/errors.ts";
import { sha256 as digestOf } from "../contract/sha256.ts";
import type { FileRecord, ModelFile, Spec } from "../contract/spec.ts";

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

/** Fetch a model file of the bundle at `bundle` and open it. Throws BundleError or RuntimeUnavailable. */
export type Load = (bundle: string, spec: Spec, file: ModelFile) => Promise<Runtime>;

/** The parts of a model file, in their order, each compared with its size and its checksum. */
export function fetchParts(bundle: string, file: ModelFile): Promise<Uint8Array<ArrayBuffer>[]> {
  return Promise.all(file.parts.map((part) => fetchPart(bundle, part)));
}

async function fetchPart(bundle: string, part: FileRecord): Promise<Uint8Array<ArrayBuffer>> {
  let data: Uint8Array<ArrayBuffer>;
  try {
    const response = await fetch(new URL(part.path, bundle));
    if (!response.ok) throw new BundleError(`the server answered ${response.status}`);
    data = new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new BundleError(
      `${part.path} can't be fetched: ${messageOf(error)}. Copy the whole bundle beside the page.`,
      {
        cause: error,
      },
    );
  }
  const found = await sha256(data);
  if (data.length !== part.bytes || found !== part.sha256)
    throw new BundleError(
      `${part.path} was changed: ${data.length} bytes, sha256 ${found.slice(0, 12)}…; the spec says ${part.bytes} bytes, ` +
        `${part.sha256.slice(0, 12)}…. Copy the bundle again.`,
    );
  return data;
}

/** In hexadecimal. The browser's own where it offers one: on https and on the local machine. */
export async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  const digest = subtle ? new Uint8Array(await subtle.digest("SHA-256", data)) : digestOf(data);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
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
