/** LiteRT.js: wasm on one thread, or WebGPU. Its loader calls importScripts, so it runs in a classic worker only. */

import { type CompiledModel, loadAndCompile, loadLiteRt, supportsFeature, Tensor } from "@litertjs/core";
import compatScript from "@litertjs/core/wasm/litert_wasm_compat_internal.js?url";
import compatWasm from "@litertjs/core/wasm/litert_wasm_compat_internal.wasm?url";
import script from "@litertjs/core/wasm/litert_wasm_internal.js?url";
import wasm from "@litertjs/core/wasm/litert_wasm_internal.wasm?url";
import { BundleError, RuntimeUnavailable } from "../contract/errors.ts";
import type { ModelFile, Spec } from "../contract/spec.ts";
import { needWebGpu, type Runtime, readParts } from "./runtime.ts";
import type { Source } from "./source.ts";

export type Backend = "wasm" | "webgpu";

declare global {
  // What its loader looks for: where the wasm file is, and where its log goes.
  var Module: { locateFile(file: string): string; printErr(line: string): void } | undefined;
}

/** Open a "tflite" file. */
export async function load(source: Source, spec: Spec, file: ModelFile, backend: Backend): Promise<Runtime> {
  if (backend === "webgpu") await needWebGpu();
  const here = self.location.href;
  const said: string[] = [];
  const isRelaxed = await supportsFeature("relaxedSimd"); // WebKit has plain SIMD only
  self.Module = {
    locateFile: () => new URL(isRelaxed ? wasm : compatWasm, here).href,
    printErr: (line) => {
      said.push(line);
      console.debug(line); // a dozen lines of INFO, which it would print as errors
    },
  };
  await loadLiteRt(new URL(isRelaxed ? script : compatScript, here).href);
  const parts = await readParts(source, file);
  const model = await loadAndCompile(parts[0]!, { accelerator: backend, gpuOptions: { precision: "fp32" } });
  if (backend === "webgpu") needOnGpu(model, said);
  const places = outputPlaces(model, file);
  const shape = [1, spec.input.size, spec.input.size, 3];
  return {
    name: `litertjs-${backend}`,
    run: (pixels, outputs) => run(model, new Tensor(Float32Array.from(pixels), shape), outputs.map(places)),
    dispose: () => model.delete(),
  };
}

/**
 * Throws RuntimeUnavailable where the CPU would take over some operators, or all of them. Only LiteRT's log says so:
 * `isFullyAccelerated` is true even then (2.5.3).
 */
function needOnGpu(model: CompiledModel, said: readonly string[]): void {
  const left = said.find((line) => /run on the CPU/.test(line));
  if (left || model.options.accelerator !== "webgpu")
    throw new RuntimeUnavailable(`LiteRT.js can't run this file on WebGPU alone: ${left ?? "it fell back to wasm"}`);
}

/** Where an output of the spec stands among the file's. Throws BundleError where one of them is not there. */
function outputPlaces(model: CompiledModel, file: ModelFile): (name: string) => number {
  const has = model.getOutputDetails().map((output) => output.name);
  const place = (name: string) => {
    const index = has.indexOf(name);
    if (index < 0)
      throw new BundleError(`${file.parts[0]!.path} has the outputs ${has}, not ${name}. Export it again.`);
    return index;
  };
  for (const { name } of file.outputs) place(name);
  return place;
}

async function run(model: CompiledModel, input: Tensor, places: readonly number[]): Promise<Float32Array[]> {
  const found = await model.run(input);
  try {
    const data = await Promise.all(places.map((place) => found[place]!.data())); // a copy, from wherever it is
    return data as Float32Array[];
  } finally {
    for (const tensor of [input, ...found]) tensor.delete();
  }
}
