import { attempt } from "./attempts.ts";

self.addEventListener("message", async ({ data }: MessageEvent<string>) => self.postMessage(await attempt(data)));
