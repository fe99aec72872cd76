/** Every web runtime by name. Importing this file downloads none of them: each is a worker's script of its own. */

import type { Format } from "../contract/spec.ts";
import LitertWasm from "../worker/litert-wasm.worker.ts?worker";
import LitertWebgpu from "../worker/litert-webgpu.worker.ts?worker";
import OrtWasm from "../worker/ort-wasm.worker.ts?worker";
import OrtWasm2 from "../worker/ort-wasm-2.worker.ts?worker";
import OrtWebgpu from "../worker/ort-webgpu.worker.ts?worker";
import TfjsCpu from "../worker/tfjs-cpu.worker.ts?worker";
import TfjsWasm from "../worker/tfjs-wasm.worker.ts?worker";
import TfjsWebgl from "../worker/tfjs-webgl.worker.ts?worker";
import TfjsWebgpu from "../worker/tfjs-webgpu.worker.ts?worker";

/** A runtime to choose: the format that it opens, its name for people, and its worker. */
export interface RuntimeEntry {
  readonly format: Format;
  readonly title: string;
  readonly start: () => Worker;
}

export const RUNTIMES = {
  "tfjs-wasm": { format: "tfjs", title: "TensorFlow.js · WebAssembly", start: () => new TfjsWasm() },
  "tfjs-webgl": { format: "tfjs", title: "TensorFlow.js · WebGL", start: () => new TfjsWebgl() },
  "tfjs-webgpu": { format: "tfjs", title: "TensorFlow.js · WebGPU", start: () => new TfjsWebgpu() },
  "tfjs-cpu": { format: "tfjs", title: "TensorFlow.js · JavaScript", start: () => new TfjsCpu() },
  "litertjs-wasm": { format: "tflite", title: "LiteRT.js · WebAssembly", start: () => new LitertWasm() },
  "litertjs-webgpu": { format: "tflite", title: "LiteRT.js · WebGPU", start: () => new LitertWebgpu() },
  "onnxruntime-web-wasm": { format: "onnx", title: "ONNX Runtime Web · WebAssembly", start: () => new OrtWasm() },
  "onnxruntime-web-wasm-2": { format: "onnx", title: "ONNX Runtime Web · 2 threads", start: () => new OrtWasm2() },
  "onnxruntime-web-webgpu": { format: "onnx", title: "ONNX Runtime Web · WebGPU", start: () => new OrtWebgpu() },
} as const satisfies Record<string, RuntimeEntry>;

export type RuntimeId = keyof typeof RUNTIMES;

/** The smallest to download: 0.27 MB gzip against 2.9 and 3.7. */
export const DEFAULT_RUNTIME: RuntimeId = "tfjs-wasm";

export function isRuntimeId(name: string): name is RuntimeId {
  return Object.hasOwn(RUNTIMES, name);
}
