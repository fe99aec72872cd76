import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import * as ort from "onnxruntime-web/wasm";
import { load } from "../runtimes/ort.ts";
import { serve } from "./serve.ts";

serve((source, spec, file) => load(source, spec, file, "wasm", { ort, wasm }));
