/** LiteRT.js: wasm on one thread, or WebGPU. Its loader calls importScripts, so it runs in a classic worker only. */

import { type CompiledModel, loadAndCompile, loadLiteRt, supportsFeature, Tensor } from "@litertjs/core";
import compatScript from "@litertjs/core/wasm/litert_wasm_compat_internal.js?url";
import compatWasm from "@litertjs/core/wasm/litert_wasm_compat_internal.wasm?url";
import script from "@litertjs/core/wasm/litert_wasm_internal.js?url";
import wasm from "@litertjs/core/wasm/litert_wasm_internal.wasm?url";
import { BundleError, RuntimeUnavailable } from "../contract/errors.ts";
import type { ModelFile, Spec } from "../contract/spec.ts";
import { type Answer, answerOf, needWebGpu, type Runtime, readParts } from "./runtime.ts";
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
  const order = outputOrder(model, file);
  const shape = [1, spec.input.size, spec.input.size, 3];
  return {
    name: `litertjs-${backend}`,
    run: (pixels) => run(model, file, order, new Tensor(Float32Array.from(pixels), shape)),
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

/** Where the spec's outputs stand among the file's. */
function outputOrder(model: CompiledModel, file: ModelFile): number[] {
  const has = model.getOutputDetails().map((output) => output.name);
  return file.outputs.map(({ name }) => {
    const index = has.indexOf(name);
    if (index < 0)
      throw new BundleError(`${file.parts[0]!.path} has the outputs ${has}, not ${name}. Export it again.`);
    return index;
  });
}

async function run(model: CompiledModel, file: ModelFile, order: number[], input: Tensor): Promise<Answer> {
  const outputs = await model.run(input);
  try {
    const data = await Promise.all(order.map((index) => outputs[index]!.data())); // a copy, from wherever it is
    return answerOf(data as Float32Array[], file);
  } finally {
    for (const tensor of [input, ...outputs]) tensor.delete();
  }
}
