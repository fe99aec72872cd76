import { serve } from "../worker/serve.ts";

serve(); // decode and resize only
