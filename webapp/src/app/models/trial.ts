/** Tries every runtime of a bundle on its golden photos: which are right on this device, and how fast each is. */

import { messageOf } from "../../contract/errors.ts";
import { sizeOf } from "../../contract/spec.ts";
import { RUNTIMES, type RuntimeId } from "../../runtimes/index.ts";
import type { Pool } from "../classify/pool.ts";
import { type Exam, ExamError, type Mark } from "./exam.ts";
import { fileFor, type Model, runtimesFor } from "./model.ts";
import type { Problem } from "./opening.ts";

const BUDGET = 5000; // ms for a runtime after its first photo: one that takes longer is no candidate anyway

/** What came of a runtime. */
export type Verdict =
  | { readonly kind: "running" }
  | { readonly kind: "right"; readonly ms: number; readonly off: number; readonly isWhole: boolean } // median; the largest difference
  | { readonly kind: "wrong" | "missing"; readonly why: Problem | string };

/** Try them one after the other; `tell` hears of each. Returns the fastest right one. Throws the signal's reason. */
export async function tryAll(
  model: Model,
  exam: Exam,
  tell: (runtime: RuntimeId, verdict: Verdict) => void,
  signal: AbortSignal,
): Promise<RuntimeId | undefined> {
  let best: { runtime: RuntimeId; ms: number } | undefined;
  for (const runtime of runtimesFor(model.spec)) {
    tell(runtime, { kind: "running" });
    const verdict = await tryOne(model.with(runtime), exam, signal);
    tell(runtime, verdict);
    if (verdict.kind === "right" && !(best && best.ms <= verdict.ms)) best = { runtime, ms: verdict.ms };
  }
  return best?.runtime;
}

async function tryOne(model: Model, exam: Exam, signal: AbortSignal): Promise<Verdict> {
  let pool: Pool | undefined;
  try {
    pool = await model.open(signal);
    return judge(await sit(pool, model, exam, signal), exam);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ExamError) return { kind: "wrong", why: error };
    return { kind: "missing", why: messageOf(error) };
  } finally {
    pool?.close();
  }
}

/** The first photo twice at once, the others while there is time, the first one again at the end. */
async function sit(pool: Pool, model: Model, exam: Exam, signal: AbortSignal): Promise<Mark[]> {
  const marks = [await exam.ask(pool, model, 0, signal)];
  const start = performance.now();
  for (let index = 0; index < exam.length && performance.now() - start < BUDGET; index++)
    marks.push(await exam.ask(pool, model, index, signal));
  marks.push(await exam.ask(pool, model, 0, signal));
  return marks;
}

function judge(marks: readonly Mark[], exam: Exam): Verdict {
  const times = marks
    .slice(1) // the first includes compiling
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  const off = Math.max(...marks.map((mark) => mark.off));
  const isWhole = new Set(marks.map(({ photo }) => photo)).size === exam.length;
  return { kind: "right", ms: times[times.length >> 1]!, off, isWhole };
}

/** Megabytes that trying may download: runtimes that are not in use, and their model files where these are not at hand. */
export function cost(model: Model): number {
  const others = runtimesFor(model.spec).filter((runtime) => runtime !== model.runtime);
  const files = new Set(others.map((runtime) => fileFor(model.spec, runtime)!).filter((file) => file !== model.file));
  const models = typeof model.source === "string" ? [...files].reduce((sum, file) => sum + sizeOf(file) / 1e6, 0) : 0;
  const runtimes = new Map(
    others.map((id) => [`${RUNTIMES[id].format} ${RUNTIMES[id].megabytes}`, RUNTIMES[id].megabytes]),
  );
  return [...runtimes.values()].reduce((sum, megabytes) => sum + megabytes, models); // some share their files
}
