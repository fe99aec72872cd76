import { load } from "../runtimes/litert.ts";
import { serve } from "./serve.ts";

serve((bundle, spec, file) => load(bundle, spec, file, "webgpu"));
