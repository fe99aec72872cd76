import { load } from "../runtimes/ort.ts";
import { serve } from "./serve.ts";

serve((bundle, spec, file) => load(bundle, spec, file, "wasm"));
