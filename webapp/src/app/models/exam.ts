/**
 * A bundle's golden photos as an exam in this browser: each must become the pixels that its spec names, and get PyTorch's
 * answer. Python's side is `export/parity`; what differs for a known reason is named here too, and no failure.
 */

import { BundleError, messageOf, RuntimeUnavailable } from "../../contract/errors.ts";
import { type InputSpec, keyOf, type Precision, SPEC_NAME, type Spec } from "../../contract/spec.ts";
import { at, bounded, dictionary, list, object, type Read, text } from "../../contract/strict.ts";
import { readRecord, sha256 } from "../../runtimes/source.ts";
import type { Prepared } from "../../worker/calls.ts";
import type { Key, Values } from "../i18n/index.ts";
import { explain } from "./known.ts";
import type { Bundle, Model } from "./model.ts";

/** Of a probability, for every format and precision: `TOLERANCE` in export/formats. 4e-6 is the most that was measured here. */
export const TOLERANCE = 5e-5;

/** What sits the exam: a pool of workers, which has the model loaded. */
export interface Candidate {
  prepare(photo: Blob, input: InputSpec, signal: AbortSignal): Promise<Pick<Prepared, "pixels">>;
  runOnEach(pixels: Uint8Array, signal: AbortSignal): Promise<{ probabilities: Float32Array; ms: number }[]>;
}

/** What an exam found out about one inference. */
export interface Mark {
  readonly photo: string;
  readonly off: number; // largest difference of a probability, of all workers
  readonly ms: number; // of the network alone
}

/** Why a bundle or a runtime is not used: a text of the page. */
export class ExamError extends BundleError {
  override name = "ExamError";
  readonly key: Key;
  readonly values: Values;
  /** Whose fault it is: another runtime may give the right answer, but no other pixels. */
  readonly isAnswers: boolean;

  constructor(key: Key, values: Values = {}, isAnswers = false) {
    super(`${key} ${JSON.stringify(values)}`);
    this.key = key;
    this.values = values;
    this.isAnswers = isAnswers;
  }
}

const stored = object({ labels: list(text()), probabilities: dictionary(dictionary(list(bounded(0, 1)))) });
type Stored = Read<typeof stored>;

export class Exam {
  readonly #bundle: Bundle;
  readonly #stored: Stored;
  readonly #pixels = new Map<string, Uint8Array>(); // by photo; they are the same for every runtime
  /** Photos whose pixels differ for a known reason, by name. */
  readonly known = new Map<string, Key>();
  /** Why this browser could not read some photos at all, such as noise in its canvases; undefined where it reads all. */
  unread: string | undefined;

  private constructor(bundle: Bundle, answers: Stored) {
    this.#bundle = bundle;
    this.#stored = answers;
  }

  /** Read the stored answers of a bundle. Throws ExamError where it has none, BundleError where they were changed. */
  static async of(bundle: Bundle): Promise<Exam> {
    const { golden, labels } = bundle.spec;
    if (!golden || golden.photos.length === 0) throw new ExamError("exam.none");
    const json = new TextDecoder().decode(await readRecord(bundle.source, golden.probabilities));
    const answers = readStored(json, golden.probabilities.path);
    const isOurs = answers.labels.length === labels.length && labels.every(({ id }, i) => id === answers.labels[i]);
    if (!isOurs)
      throw new BundleError(`${golden.probabilities.path} has other labels than ${SPEC_NAME}. Export it again.`);
    return new Exam(bundle, answers);
  }

  /** How many photos it has. */
  get length(): number {
    return this.#bundle.spec.golden!.photos.length;
  }

  /** One photo, counted around. Throws ExamError where the candidate is wrong, or what the candidate throws. */
  async ask(candidate: Candidate, model: Model, index: number, signal: AbortSignal): Promise<Mark> {
    const { name: photo } = this.#bundle.spec.golden!.photos[index % this.length]!;
    const expected = this.#expected(model.file.precision, photo, keyOf(model.file));
    const pixels = await this.#pixelsOf(candidate, index % this.length, signal);
    const answers = await candidate.runOnEach(pixels, signal);
    const offs = answers.map(({ probabilities }) => distance(probabilities, expected));
    const off = Math.max(...offs); // not a number where one is
    const { ms } = answers[0]!;
    if (!(off <= TOLERANCE)) throw new ExamError("exam.answers", { photo, off: off.toPrecision(2) }, true);
    return { photo, off, ms };
  }

  #expected(precision: Precision, photo: string, key: string): readonly number[] {
    const expected = this.#stored.probabilities[precision]?.[photo];
    if (!expected) throw new ExamError("exam.missing", { photo, file: key });
    return expected;
  }

  async #pixelsOf(candidate: Candidate, index: number, signal: AbortSignal): Promise<Uint8Array> {
    const golden = this.#bundle.spec.golden!.photos[index]!;
    const ready = this.#pixels.get(golden.name);
    if (ready) return ready;
    const photo = await readRecord(this.#bundle.source, golden.photo);
    const found = await this.#decoded(candidate, photo, signal);
    const isSame = found && (await sha256(found as Uint8Array<ArrayBuffer>)) === golden.pixels_sha256;
    const pixels = isSame ? found : await this.#reference(candidate, index, signal);
    if (found && !isSame) {
      const off = distance(found, pixels);
      const cause = explain(photo, off, navigator.userAgent);
      if (!cause) throw new ExamError("exam.pixels", { photo: golden.name, off });
      this.known.set(golden.name, cause);
    }
    this.#pixels.set(golden.name, pixels);
    return pixels;
  }

  /** What this browser makes of a photo; undefined where it refuses to read any of that kind. */
  async #decoded(candidate: Candidate, photo: Uint8Array<ArrayBuffer>, signal: AbortSignal) {
    try {
      return (await candidate.prepare(new Blob([photo]), this.#bundle.spec.input, signal)).pixels;
    } catch (error) {
      if (!(error instanceof RuntimeUnavailable)) throw error;
      this.unread = messageOf(error);
      return undefined;
    }
  }

  /** The pixels that a photo must become: they are in the bundle, as a PNG, which needs no canvas. */
  async #reference(candidate: Candidate, index: number, signal: AbortSignal): Promise<Uint8Array> {
    const { pixels, pixels_sha256 } = this.#bundle.spec.golden!.photos[index]!;
    const png = new Blob([await readRecord(this.#bundle.source, pixels)]);
    const found = (await candidate.prepare(png, asIs(this.#bundle.spec), signal)).pixels;
    if ((await sha256(found)) !== pixels_sha256)
      throw new BundleError(`${pixels.path} holds other pixels than its checksum.`);
    return found;
  }
}

/** The input of a photo that has the model's size already. */
function asIs({ input }: Spec): InputSpec {
  return { ...input, geometry: "stretch", resize_to: input.size };
}

function readStored(json: string, path: string): Stored {
  try {
    return stored(JSON.parse(json), at("$"));
  } catch (error) {
    throw new BundleError(`${path} can't be read: ${messageOf(error)}. Export the bundle again.`, { cause: error });
  }
}

/** The largest difference; not a number where one is, or where the lengths differ. */
export function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.NaN;
  let most = 0;
  for (let i = 0; i < found.length; i++) {
    const off = Math.abs(found[i]! - expected[i]!);
    if (!(off <= most)) most = off; // NaN stays
    if (Number.isNaN(most)) return most;
  }
  return most;
}
