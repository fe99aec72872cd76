import { load } from "../runtimes/litert.ts";
import { serve } from "./serve.ts";

serve((source, spec, file) => load(source, spec, file, "webgpu"));
