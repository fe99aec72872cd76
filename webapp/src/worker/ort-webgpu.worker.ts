import * as ort from "onnxruntime-web/jspi"; // 10 MB smaller than its build for browsers without JSPI
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url";
import { load } from "../runtimes/ort.ts";
import { serve } from "./serve.ts";

serve((source, spec, file) => load(source, spec, file, "webgpu", { ort, wasm }));
