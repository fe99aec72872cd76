/** onnxruntime-web, in the smallest of its builds that has the back end: the worker brings the build along. */

import type { InferenceSession } from "onnxruntime-web/wasm";
import { messageOf, RuntimeUnavailable } from "../contract/errors.ts";
import type { ModelFile, Spec } from "../contract/spec.ts";
import { needWebGpu, present, type Runtime, readParts } from "./runtime.ts";
import type { Source } from "./source.ts";

export type Backend = "wasm" | "wasm-2" | "webgpu";

/** One of its builds. `mjs` is needed for threads only: each of them loads that script again. */
export interface Build {
  readonly ort: Pick<typeof import("onnxruntime-web/wasm"), "env" | "InferenceSession" | "Tensor">;
  readonly wasm: string;
  readonly mjs?: string;
}

/** Open an "onnx" file. */
export async function load(
  source: Source,
  spec: Spec,
  file: ModelFile,
  backend: Backend,
  build: Build,
): Promise<Runtime> {
  const { env, Tensor } = build.ort;
  const absolute = (url: string) => new URL(url, self.location.href).href;
  await check(backend);
  env.logLevel = "error";
  env.wasm.numThreads = backend === "wasm-2" ? 2 : 1;
  env.wasm.wasmPaths = { wasm: absolute(build.wasm), ...(build.mjs ? { mjs: absolute(build.mjs) } : {}) };
  const parts = await readParts(source, file);
  const session = await start(build, parts[0]!, backend === "webgpu" ? "webgpu" : "wasm");
  if (backend === "wasm-2" && env.wasm.numThreads !== 2)
    throw new RuntimeUnavailable("onnxruntime-web fell back to one thread in this browser.");
  const shape = [1, spec.input.size, spec.input.size, 3];
  return {
    name: `onnxruntime-web-${backend}`,
    run: async (pixels, outputs) => {
      const input = new Tensor("float32", Float32Array.from(pixels), shape);
      const found = await session.run({ [file.input.name]: input }, outputs);
      return present(
        outputs.map((name) => found[name]?.data as Float32Array),
        outputs,
        file,
      );
    },
    dispose: () => void session.release(),
  };
}

/** What it would answer with a slower back end, or with an error that says nothing. */
async function check(backend: Backend): Promise<void> {
  if (backend === "wasm-2" && !self.crossOriginIsolated)
    throw new RuntimeUnavailable(
      "Threads need a page on https or on this machine, and its server must isolate it (COOP, COEP).",
    );
  if (backend === "webgpu" && !("Suspending" in WebAssembly))
    throw new RuntimeUnavailable("onnxruntime-web's WebGPU build needs JavaScript promise integration (JSPI).");
  if (backend === "webgpu") await needWebGpu();
}

async function start(build: Build, model: Uint8Array, provider: "wasm" | "webgpu"): Promise<InferenceSession> {
  try {
    return await build.ort.InferenceSession.create(model, { executionProviders: [provider] });
  } catch (error) {
    if (!/no available backend/i.test(messageOf(error))) throw error;
    throw new RuntimeUnavailable(`onnxruntime-web has no ${provider} in this browser: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
