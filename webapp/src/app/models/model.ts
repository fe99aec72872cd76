/**
 * A model to classify with: where its bundle lies, what its spec says, and which runtime opens which of its files.
 *
 * Another source of bundles is another function that returns a `Model`, beside `besidePage`.
 */

import { BundleError } from "../../contract/errors.ts";
import { keyOf, type ModelFile, parse, SPEC_NAME, type Spec } from "../../contract/spec.ts";
import { DEFAULT_RUNTIME, RUNTIMES, type RuntimeId } from "../../runtimes/index.ts";
import { Pool } from "../classify/pool.ts";

export class Model {
  readonly address: string; // of the bundle's folder, with a slash at the end
  readonly spec: Spec;
  readonly runtime: RuntimeId;

  /** Throws BundleError where the bundle has no file for the runtime, or for any. */
  constructor(address: string, spec: Spec, runtime: RuntimeId | undefined = firstFor(spec)) {
    if (!runtime || !fileFor(spec, runtime)) throw new NoFormat(spec);
    this.address = address;
    this.spec = spec;
    this.runtime = runtime;
  }

  /** The file of the bundle that the runtime opens. */
  get file(): ModelFile {
    return fileFor(this.spec, this.runtime)!;
  }

  /** The same bundle with another runtime. */
  with(runtime: RuntimeId): Model {
    return new Model(this.address, this.spec, runtime);
  }

  /** Load it in a first worker. Throws what the runtime throws, or the signal's reason. */
  async open(signal?: AbortSignal): Promise<Pool> {
    const { address, spec, file, runtime } = this;
    return Pool.open({ start: RUNTIMES[runtime].start, bundle: address, spec, key: keyOf(file) }, signal);
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
export async function besidePage(signal?: AbortSignal): Promise<Model> {
  const address = new URL("bundle/", document.baseURI).href;
  const response = await fetch(new URL(SPEC_NAME, address), signal ? { signal } : {});
  if (!response.ok) throw new BundleError(`bundle/${SPEC_NAME}: ${response.status}`);
  return new Model(address, parse(await response.text(), `bundle/${SPEC_NAME}`));
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

function firstFor(spec: Spec): RuntimeId | undefined {
  const known = runtimesFor(spec);
  return known.includes(DEFAULT_RUNTIME) ? DEFAULT_RUNTIME : known[0];
}
