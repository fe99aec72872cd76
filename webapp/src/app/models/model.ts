/**
 * A model to classify with: where its bundle's files come from, what its spec says, and which runtime opens which of them.
 *
 * Another source of bundles is another function that returns a `Model`, beside `besidePage`.
 */

import { BundleError } from "../../contract/errors.ts";
import { keyOf, type ModelFile, parse, SPEC_NAME, type Spec } from "../../contract/spec.ts";
import { DEFAULT_RUNTIME, DEVICES, type Device, RUNTIMES, type RuntimeId } from "../../runtimes/index.ts";
import { type Source, sha256 } from "../../runtimes/source.ts";
import { Pool } from "../classify/pool.ts";

/** A bundle with no runtime chosen yet. */
export interface Bundle {
  readonly id: string; // SHA-256 of spec.json, and so of every file that it names
  readonly source: Source;
  readonly spec: Spec;
  readonly isOurs: boolean; // it lies beside the page: whoever made the site chose it
}

export class Model implements Bundle {
  readonly id: string;
  readonly source: Source;
  readonly spec: Spec;
  readonly isOurs: boolean;
  readonly runtime: RuntimeId;

  /** Throws BundleError where the bundle has no file for the runtime, or for any. */
  constructor(bundle: Bundle, runtime: RuntimeId | undefined = firstFor(bundle.spec)) {
    if (!runtime || !fileFor(bundle.spec, runtime)) throw new NoFormat(bundle.spec);
    this.id = bundle.id;
    this.source = bundle.source;
    this.spec = bundle.spec;
    this.isOurs = bundle.isOurs;
    this.runtime = runtime;
  }

  /** The file of the bundle that the runtime opens. */
  get file(): ModelFile {
    return fileFor(this.spec, this.runtime)!;
  }

  /** The same bundle with another runtime. */
  with(runtime: RuntimeId): Model {
    return new Model(this, runtime);
  }

  /** Load it in a first worker. Throws what the runtime throws, or the signal's reason. */
  async open(signal?: AbortSignal): Promise<Pool> {
    const { source, spec, file, runtime } = this;
    return Pool.open({ start: RUNTIMES[runtime].start, source, spec, key: keyOf(file) }, signal);
  }
}

/** A bundle without a file that a browser opens; `files` says what it has. */
export class NoFormat extends BundleError {
  readonly files: string;

  constructor(spec: Spec) {
    const files = spec.files.map(keyOf).join(", ");
    super(`The bundle has no file that a browser opens; it has ${files}. Export it with tfjs, tflite or onnx.`);
    this.files = files;
  }
}

/** The bundle in `bundle/` beside the page. Throws BundleError or SpecError. */
export async function besidePage(signal?: AbortSignal): Promise<Bundle> {
  const source = new URL("bundle/", document.baseURI).href;
  const response = await fetch(new URL(SPEC_NAME, source), signal ? { signal } : {});
  if (!response.ok) throw new BundleError(`bundle/${SPEC_NAME}: ${response.status}`);
  return bundleOf(await response.text(), source, true, `bundle/${SPEC_NAME}`);
}

/** A bundle by the text of its spec. Throws SpecError that names `where`. */
export async function bundleOf(text: string, source: Source, isOurs: boolean, where?: string): Promise<Bundle> {
  return { id: await sha256(new TextEncoder().encode(text)), source, spec: parse(text, where), isOurs };
}

/** The file that a runtime opens, fp32 where it has the choice. */
export function fileFor(spec: Spec, runtime: RuntimeId): ModelFile | undefined {
  const files = spec.files.filter((file) => file.format === RUNTIMES[runtime].format);
  return files.find((file) => file.precision === "fp32") ?? files[0];
}

/** The runtimes that have a file in the bundle, the smallest download first. */
export function runtimesFor(spec: Spec): RuntimeId[] {
  return (Object.keys(RUNTIMES) as RuntimeId[]).filter((id) => fileFor(spec, id));
}

/**
 * What to take instead of a runtime that failed: of the same file the next more reliable one (webgpu, webgl, wasm), then
 * other files' WebAssembly, then JavaScript, which is slow. Undefined where all have been `tried`.
 */
export function insteadOf(spec: Spec, runtime: RuntimeId, tried: ReadonlySet<RuntimeId>): RuntimeId | undefined {
  const { format, device } = RUNTIMES[runtime];
  const left = DEVICES.flatMap((each) => runtimesFor(spec).filter((id) => RUNTIMES[id].device === each))
    .filter((id) => id !== runtime && !tried.has(id))
    .map((id) => ({ id, ...RUNTIMES[id] }));
  const isDown = (other: Device) => other !== "js" && DEVICES.indexOf(other) >= DEVICES.indexOf(device);
  const sibling = left.find((each) => each.format === format && isDown(each.device));
  return (sibling ?? left.find((each) => isOnCpu(each.id)))?.id;
}

/** Whether a runtime computes on the CPU. What is wrong there is wrong because of the file. */
export function isOnCpu(runtime: RuntimeId): boolean {
  return ["wasm", "js"].includes(RUNTIMES[runtime].device);
}

function firstFor(spec: Spec): RuntimeId | undefined {
  const known = runtimesFor(spec);
  return known.includes(DEFAULT_RUNTIME) ? DEFAULT_RUNTIME : known[0];
}
