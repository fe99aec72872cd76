import "@tensorflow/tfjs-backend-webgpu";
import { load } from "../runtimes/tfjs.ts";
import { serve } from "./serve.ts";

serve((bundle, spec, file) => load(bundle, spec, file, "webgpu"));
