import "@tensorflow/tfjs-backend-webgpu";
import { load } from "../runtimes/tfjs.ts";
import { serve } from "./serve.ts";

serve((source, spec, file) => load(source, spec, file, "webgpu"));
