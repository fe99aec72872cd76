import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import plainUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import { load } from "../runtimes/tfjs.ts";
import { serve } from "./serve.ts";

const absolute = (url: string) => new URL(url, self.location.href).href;
setWasmPaths({
  "tfjs-backend-wasm.wasm": absolute(plainUrl),
  "tfjs-backend-wasm-simd.wasm": absolute(simdUrl),
  "tfjs-backend-wasm-threaded-simd.wasm": absolute(simdUrl), // must be named, and is never opened: threads are off
});
serve((source, spec, file) => load(source, spec, file, "wasm"));
