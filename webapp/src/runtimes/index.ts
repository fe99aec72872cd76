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

/** Where a runtime computes, the one that may be fastest and least reliable first. */
export const DEVICES = ["webgpu", "webgl", "wasm", "js"] as const;
export type Device = (typeof DEVICES)[number];

/** A runtime to choose: the format that it opens, where it computes, its name for people, and its worker. */
export interface RuntimeEntry {
  readonly format: Format;
  readonly device: Device;
  readonly title: string;
  readonly megabytes: number; // to download with gzip, the model apart
  readonly start: () => Worker;
}

const [TFJS, LITERT, ORT] = ["TensorFlow.js", "LiteRT.js", "ONNX Runtime Web"];

function entry(format: Format, device: Device, title: string, megabytes: number, start: () => Worker): RuntimeEntry {
  return { format, device, title, megabytes, start };
}

export const RUNTIMES = {
  "tfjs-wasm": entry("tfjs", "wasm", `${TFJS} · WebAssembly`, 0.3, () => new TfjsWasm()),
  "tfjs-webgl": entry("tfjs", "webgl", `${TFJS} · WebGL`, 0.2, () => new TfjsWebgl()),
  "tfjs-webgpu": entry("tfjs", "webgpu", `${TFJS} · WebGPU`, 0.2, () => new TfjsWebgpu()),
  "tfjs-cpu": entry("tfjs", "js", `${TFJS} · JavaScript`, 0.1, () => new TfjsCpu()),
  "litertjs-wasm": entry("tflite", "wasm", `${LITERT} · WebAssembly`, 2.9, () => new LitertWasm()),
  "litertjs-webgpu": entry("tflite", "webgpu", `${LITERT} · WebGPU`, 2.9, () => new LitertWebgpu()),
  "onnxruntime-web-wasm": entry("onnx", "wasm", `${ORT} · WebAssembly`, 3.7, () => new OrtWasm()),
  "onnxruntime-web-wasm-2": entry("onnx", "wasm", `${ORT} · 2 threads`, 3.7, () => new OrtWasm2()),
  "onnxruntime-web-webgpu": entry("onnx", "webgpu", `${ORT} · WebGPU`, 4.2, () => new OrtWebgpu()),
} as const satisfies Record<string, RuntimeEntry>;

export type RuntimeId = keyof typeof RUNTIMES;

/** The smallest to download: 0.27 MB gzip against 2.9 and 3.7. */
export const DEFAULT_RUNTIME: RuntimeId = "tfjs-wasm";

export function isRuntimeId(name: string): name is RuntimeId {
  return Object.hasOwn(RUNTIMES, name);
}
