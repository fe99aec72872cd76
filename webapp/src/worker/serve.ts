/** A worker's side: answers the calls, one photo at a time, with the one runtime that its entry file gives it. */

import { decode, fromBitmap, read } from "../contract/decode.ts";
import { BundleError, SafelightError } from "../contract/errors.ts";
import { toRgb } from "../contract/pixels.ts";
import { resize } from "../contract/resize.ts";
import { HEATMAP, keyOf, type ModelFile, type Spec } from "../contract/spec.ts";
import type { Load, Runtime } from "../runtimes/runtime.ts";
import { sha256 } from "../runtimes/source.ts";
import { type Calls, packError, type Reply, type Request } from "./calls.ts";
import { preview, thumbnail } from "./picture.ts";

/** Answer the page's calls from now on; without `load` only `prepare` works. */
export function serve(load?: Load): void {
  const calls = new Worker(load);
  self.addEventListener("message", async ({ data }: MessageEvent<Request>) => {
    const reply = (message: Reply, transfer: Transferable[] = []) => self.postMessage(message, { transfer });
    try {
      const answer = calls[data.call] as (job: unknown) => Promise<object>;
      const result = await answer.call(calls, data.job);
      reply({ id: data.id, result }, buffersOf(result));
    } catch (error) {
      reply({ id: data.id, error: packError(error) });
    }
  });
}

/** The typed arrays of a result move to the page instead of being copied. */
function buffersOf(result: object): ArrayBuffer[] {
  return Object.values(result).flatMap((value) => (ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : []));
}

interface Loaded {
  readonly spec: Spec;
  readonly file: ModelFile;
  readonly runtime: Runtime;
}

class Worker implements Calls {
  readonly #open: Load | undefined;
  #model: Loaded | undefined;

  constructor(open: Load | undefined) {
    this.#open = open;
  }

  async load({ source, spec, key }: Parameters<Calls["load"]>[0]): ReturnType<Calls["load"]> {
    const file = spec.files.find((each) => keyOf(each) === key);
    if (!file) throw new BundleError(`The bundle has no ${key}; it has ${spec.files.map(keyOf).join(", ")}.`);
    if (!this.#open) throw new SafelightError("This worker has no runtime.");
    const start = performance.now();
    this.#model?.runtime.dispose();
    this.#model = { spec, file, runtime: await this.#open(source, spec, file) };
    return { ms: performance.now() - start };
  }

  async prepare({ photo, input, limits, expected }: Parameters<Calls["prepare"]>[0]): ReturnType<Calls["prepare"]> {
    const start = performance.now();
    const upright = await decode(await read(photo, limits), limits);
    const decoded = performance.now();
    const pixels = resize(upright, input);
    const resized = performance.now();
    const rgb = toRgb(upright);
    const sum = await sha256(rgb);
    return {
      ...(expected && sum !== expected ? { decoded: rgb } : {}),
      pixels,
      width: upright.width,
      height: upright.height,
      sha256: sum,
      decodeMs: decoded - start,
      resizeMs: resized - decoded,
    };
  }

  async run({ pixels }: Parameters<Calls["run"]>[0]): ReturnType<Calls["run"]> {
    const start = performance.now();
    const probabilities = await this.#probabilities(pixels);
    return { probabilities, ms: performance.now() - start };
  }

  async maps({ pixels, outputs }: Parameters<Calls["maps"]>[0]): ReturnType<Calls["maps"]> {
    const found = await this.#loaded().runtime.run(pixels, outputs);
    return Object.fromEntries(outputs.map((name, i) => [name, found[i]!]));
  }

  async classify({ photo, side }: Parameters<Calls["classify"]>[0]): ReturnType<Calls["classify"]> {
    const { spec } = this.#loaded();
    const start = performance.now();
    const upright = await decode(await read(photo));
    const probabilities = await this.#probabilities(resize(upright, spec.input));
    const ms = performance.now() - start;
    return {
      probabilities,
      thumbnail: await thumbnail(upright, side),
      width: upright.width,
      height: upright.height,
      ms,
    };
  }

  async thumbnail({ photo, side }: Parameters<Calls["thumbnail"]>[0]): ReturnType<Calls["thumbnail"]> {
    return { thumbnail: await thumbnail(await decode(await read(photo)), side) };
  }

  async look({ photo, side }: Parameters<Calls["look"]>[0]): ReturnType<Calls["look"]> {
    const { spec, file, runtime } = this.#loaded();
    const upright = await decode(await read(photo));
    const pixels = resize(upright, spec.input);
    const outputs = [file.outputs[0]!, ...file.outputs.filter(({ name }) => name === HEATMAP)];
    const [probabilities, heatmap] = await runtime.run(
      pixels,
      outputs.map(({ name }) => name),
    );
    const { width, height } = upright;
    const answer = { probabilities: probabilities!, ...(heatmap ? { heatmap } : {}) };
    return { ...answer, pixels, preview: await preview(upright, side), width, height };
  }

  async frame({ frame }: Parameters<Calls["frame"]>[0]): ReturnType<Calls["frame"]> {
    const { spec } = this.#loaded();
    const start = performance.now();
    const upright = await fromBitmap(frame);
    const pixels = resize(upright, spec.input);
    const probabilities = await this.#probabilities(pixels);
    const { width, height } = upright;
    return { probabilities, pixels, width, height, ms: performance.now() - start };
  }

  /** The first output alone: nothing else is computed or copied where only the label counts. */
  async #probabilities(pixels: Uint8Array): Promise<Float32Array> {
    const { file, runtime } = this.#loaded();
    const [probabilities] = await runtime.run(pixels, [file.outputs[0]!.name]);
    return probabilities!;
  }

  #loaded(): Loaded {
    if (!this.#model) throw new SafelightError("No model is loaded yet.");
    return this.#model;
  }
}
