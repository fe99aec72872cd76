/** TF.js, in our own bundle of core, converter and one back end: its ready-made script needs unsafe-eval. */

import { type GraphModel, loadGraphModel } from "@tensorflow/tfjs-converter";
import { env, type io, ready, setBackend, type Tensor, tensor4d } from "@tensorflow/tfjs-core";
import { BundleError, messageOf, RuntimeUnavailable } from "../contract/errors.ts";
import type { ModelFile, Spec } from "../contract/spec.ts";
import { needWebGpu, present, type Runtime, readParts } from "./runtime.ts";
import type { Source } from "./source.ts";

export type Backend = "wasm" | "webgl" | "webgpu" | "cpu";

/** Open a "tfjs" file on `backend`, which the caller has imported. */
export async function load(source: Source, spec: Spec, file: ModelFile, backend: Backend): Promise<Runtime> {
  await start(backend);
  const parts = await readParts(source, file);
  const model = await loadGraphModel({ load: async () => artifacts(file, parts) });
  const size = spec.input.size;
  return {
    name: `tfjs-${backend}`,
    run: (pixels, outputs) => run(model, file, tensor4d(Float32Array.from(pixels), [1, size, size, 3]), outputs),
    dispose: () => model.dispose(),
  };
}

async function start(backend: Backend): Promise<void> {
  if (backend === "webgpu") await needWebGpu();
  if (backend === "wasm") env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // its threads need script-src blob:
  let why = "it did not start";
  const started = await setBackend(backend).catch((error: unknown) => {
    why = messageOf(error);
    return false;
  });
  if (!started) throw new RuntimeUnavailable(`TF.js has no ${backend} in this browser: ${why}.`);
  await ready();
  if (backend === "webgl" && !env().getBool("WEBGL_RENDER_FLOAT32_ENABLED"))
    throw new RuntimeUnavailable("TF.js: this browser's WebGL computes in 16 bits, too coarse for fp32 parity.");
}

async function run(
  model: GraphModel,
  file: ModelFile,
  input: Tensor,
  outputs: readonly string[],
): Promise<Float32Array[]> {
  const found = [model.execute({ [file.input.name]: input }, [...outputs])].flat();
  try {
    return present((await Promise.all(found.map((tensor) => tensor.data()))) as Float32Array[], outputs, file);
  } finally {
    for (const tensor of [input, ...found]) tensor.dispose();
  }
}

interface ModelJson {
  modelTopology: object;
  weightsManifest: { paths: string[]; weights: io.WeightsManifestEntry[] }[];
}

/** The model as TF.js wants it: the topology, and every shard's bytes in one buffer. */
function artifacts(file: ModelFile, parts: Uint8Array<ArrayBuffer>[]): io.ModelArtifacts {
  const entry = file.parts[0]!.path;
  const json = JSON.parse(new TextDecoder().decode(parts[0])) as ModelJson;
  const folder = entry.slice(0, entry.lastIndexOf("/") + 1);
  const shards = json.weightsManifest.flatMap((group) =>
    group.paths.map((path) => {
      const index = file.parts.findIndex((part) => part.path === folder + path);
      if (index < 0)
        throw new BundleError(`${entry} names ${path}, which the spec does not vouch for. Export it again.`);
      return parts[index]!;
    }),
  );
  return {
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
    weightData: shards.map((shard) => shard.buffer),
  };
}
