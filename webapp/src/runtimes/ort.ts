/** onnxruntime-web, wasm only and one thread: its default bundle is 65 % larger and brings WebGPU along. */

import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { messageOf, RuntimeUnavailable } from "../contract/errors.ts";
import type { ModelFile, Spec } from "../contract/spec.ts";
import { answerOf, fetchParts, type Runtime } from "./runtime.ts";

export type Backend = "wasm";

/** Open an "onnx" file. */
export async function load(bundle: string, spec: Spec, file: ModelFile, _backend: Backend): Promise<Runtime> {
  env.logLevel = "error";
  env.wasm.numThreads = 1;
  env.wasm.wasmPaths = { wasm: new URL(wasmUrl, self.location.href).href };
  const { parts, checked } = await fetchParts(bundle, file);
  const session = await start(parts[0]!);
  const names = file.outputs.map((output) => output.name);
  const shape = [1, spec.input.size, spec.input.size, 3];
  return {
    name: "onnxruntime-web-wasm",
    checked,
    run: async (pixels) => {
      const input = new Tensor("float32", Float32Array.from(pixels), shape);
      const outputs = await session.run({ [file.input.name]: input }, names);
      return answerOf(
        names.map((name) => outputs[name]?.data as Float32Array),
        file,
      );
    },
    dispose: () => void session.release(),
  };
}

async function start(model: Uint8Array): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, { executionProviders: ["wasm"] });
  } catch (error) {
    if (!/no available backend/i.test(messageOf(error))) throw error;
    throw new RuntimeUnavailable(`onnxruntime-web has no wasm in this browser: ${messageOf(error)}`, { cause: error });
  }
}
