import "@tensorflow/tfjs-backend-cpu";
import { load } from "../runtimes/tfjs.ts";
import { serve } from "./serve.ts";

serve((source, spec, file) => load(source, spec, file, "cpu"));
