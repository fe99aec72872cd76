/** The model's workers, once they are there. */

import type { App } from "../app.ts";
import type { Pool } from "../classify/pool.ts";
import { NoPicture } from "./device.ts";

/** Wait for the model to be loaded. Throws NoPicture where it can't be, or the signal's reason. */
export function poolOf({ engine }: App, signal: AbortSignal): Promise<Pool> {
  const { promise, resolve, reject } = Promise.withResolvers<Pool>();
  const look = () => {
    if (engine.pool) resolve(engine.pool);
    else if (engine.problem) reject(new NoPicture(engine.problem.key, engine.problem.values));
  };
  const end = engine.subscribe(look);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  look();
  return promise.finally(() => {
    end();
    signal.removeEventListener("abort", abort);
  });
}
