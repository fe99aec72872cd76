/**
 * Opens a model and proves it on its golden photos: with the runtime asked for, or with the next one where that fails here.
 *
 * A foreign bundle passes its whole exam before it is used. The one beside the page is used after its first photo, and the
 * exam goes on beside the visitor's work (`prove`). Once passed it is remembered, until the browser or the page changes.
 */

import { BundleError, messageOf } from "../../contract/errors.ts";
import type { RuntimeId } from "../../runtimes/index.ts";
import type { Pool } from "../classify/pool.ts";
import type { Key, Values } from "../i18n/index.ts";
import { Exam, ExamError } from "./exam.ts";
import { insteadOf, isOnCpu, type Model } from "./model.ts";
import type { Shelf } from "./shelf.ts";

/** A text of the page that depends on the language. */
export interface Problem {
  readonly key: Key;
  readonly values: Values;
}

/** A runtime that was given up, and why. */
export interface Fallback {
  readonly from: RuntimeId;
  readonly to: RuntimeId;
  readonly why: Problem | string; // a text of ours, or what a runtime threw
}

export interface Opened {
  readonly model: Model;
  readonly pool: Pool;
  readonly exam: Exam | undefined; // a bundle beside the page may have no golden photos
  readonly isProven: boolean; // on every photo, now or before
  readonly fallbacks: readonly Fallback[];
}

/** Throws ExamError where the bundle is at fault, BundleError, what the last runtime throws, or the signal's reason. */
export async function open(
  wanted: Model,
  shelf: Shelf,
  signal: AbortSignal,
  given: readonly Fallback[] = [],
): Promise<Opened> {
  const fallbacks = [...given];
  let exam: Exam | undefined;
  for (let model = wanted; ; ) {
    let pool: Pool | undefined;
    try {
      pool = await model.open(signal);
      exam ??= await examOf(model);
      signal.throwIfAborted();
      const isProven = await passes(model, pool, exam, shelf, signal);
      return { model, pool, exam, isProven, fallbacks };
    } catch (error) {
      pool?.close();
      signal.throwIfAborted();
      const next =
        mayBeOther(error, model) && insteadOf(model.spec, model.runtime, new Set(fallbacks.map(({ from }) => from)));
      if (!next) throw error;
      fallbacks.push({ from: model.runtime, to: next, why: error instanceof ExamError ? error : messageOf(error) });
      model = model.with(next);
    }
  }
}

/** The rest of the exam. Throws ExamError, or the signal's reason. */
export async function prove({ model, pool, exam, isProven }: Opened, shelf: Shelf, signal: AbortSignal): Promise<void> {
  if (!exam || isProven) return;
  for (let index = 0; index <= exam.length; index++) await exam.ask(pool, model, index, signal); // the first one again at the end
  if (exam.unread === undefined) await remember(model, shelf); // else the page must say so again
}

async function passes(
  model: Model,
  pool: Pool,
  exam: Exam | undefined,
  shelf: Shelf,
  signal: AbortSignal,
): Promise<boolean> {
  if (!exam) return false;
  const { proven } = await shelf.findings(model.id).catch(() => ({ proven: [] as RuntimeId[] }));
  if (proven.includes(model.runtime)) return true;
  if (model.isOurs) await exam.ask(pool, model, 0, signal);
  else await prove({ model, pool, exam, isProven: false, fallbacks: [] }, shelf, signal);
  return !model.isOurs;
}

/** In a private window nothing can be remembered: then it is proven again. */
async function remember(model: Model, shelf: Shelf): Promise<void> {
  try {
    const { proven } = await shelf.findings(model.id);
    if (!proven.includes(model.runtime)) await shelf.note(model.id, { proven: [...proven, model.runtime] });
  } catch (error) {
    console.debug("Not remembered:", error);
  }
}

async function examOf(model: Model): Promise<Exam | undefined> {
  if (model.isOurs && !model.spec.golden) return undefined;
  return Exam.of(model);
}

/** Whether another runtime can do better: not where a file is wrong, which a CPU's wrong answer means, too. */
function mayBeOther(error: unknown, model: Model): boolean {
  if (error instanceof ExamError) return error.isAnswers && !isOnCpu(model.runtime);
  return !(error instanceof BundleError);
}
