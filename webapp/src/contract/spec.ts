/**
 * The contract: `spec.json`, all that a runtime may know about a model. The port of `safelight/spec.py`.
 *
 * `parseSpec` reads strictly: an unknown or missing field is an error that names its place. The field names are
 * those of the JSON. Tests hold this parser to Python's verdict on the same mutated specs.
 */

import { SpecError } from "./errors.ts";
import {
  at,
  bounded,
  check,
  dictionary,
  list,
  literal,
  nullable,
  object,
  oneOf,
  optional,
  pair,
  type Read,
  text,
  triple,
  whole,
} from "./strict.ts";

export const SPEC_VERSION = 1;
export const SPEC_NAME = "spec.json";
export const HEATMAP = "heatmap"; // the output's name

const GEOMETRIES = ["crop", "stretch", "pad"] as const;
const FILTERS = ["bilinear", "bicubic", "lanczos"] as const;
const FORMATS = ["pytorch", "onnx", "tflite", "tfjs"] as const;
const PRECISIONS = ["fp32", "fp16"] as const;

export type Geometry = (typeof GEOMETRIES)[number];
export type Filter = (typeof FILTERS)[number];
export type Format = (typeof FORMATS)[number];
export type Precision = (typeof PRECISIONS)[number];

const name = text(/[\s\S]/); // not empty
const any = text();
const probability = bounded(0, 1);
const side = whole(1, 4096); // pixels
const channel = whole(0, 255);
const count = whole(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
const number = bounded(-Number.MAX_VALUE, Number.MAX_VALUE);
const sha256 = text(/^[0-9a-f]{64}$/);
// Relative, forward slashes, no "..", no drive, no leading slash: a path can't leave its bundle.
const path = text(/^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_.-]+)*$/);

const label = object({ id: name, names: optional(dictionary(name), {}) });

const input = check(
  object({
    size: side,
    geometry: optional(oneOf(GEOMETRIES), "crop"),
    resize_to: side, // pixels of the shorter side before the crop; equal to `size` for stretch and pad
    filter: optional(oneOf(FILTERS), "bilinear"),
    pad_color: optional(triple(channel), [0, 0, 0]),
  }),
  ({ geometry, size, resize_to }) => {
    if (geometry === "crop")
      return resize_to < size
        ? `resize_to (${resize_to}) is smaller than size (${size}): nothing to crop from`
        : undefined;
    return resize_to !== size ? `resize_to (${resize_to}) must equal size (${size}) for ${geometry}` : undefined;
  },
);

const band = object({ id: name, at_least: probability, wording: dictionary(name) });

const output = check(
  object({
    temperature: optional(bounded(Number.MIN_VALUE, Number.MAX_VALUE), 1), // already inside the network; for the record
    abstain_below: optional(probability, 0), // the top probability under which the answer is "unsure"
    bands: list(band, 1), // descending; the last one starts at 0
  }),
  ({ bands }) => {
    const edges = bands.map((each) => each.at_least);
    const descends = edges.every((edge, i) => i === 0 || edges[i - 1]! > edge);
    if (!descends || edges.at(-1) !== 0) return `bands must descend strictly and end at 0, they are at ${edges}`;
    return repeats(
      "band ids",
      bands.map((each) => each.id),
    );
  },
);

const featureMap = check(
  object({
    layer: name,
    output: name, // of every file, NHWC
    layer_channels: whole(1, Number.MAX_SAFE_INTEGER),
    channels: list(whole(0, Number.MAX_SAFE_INTEGER), 1), // of the layer, in the order of the output's
  }),
  ({ channels, layer_channels }) =>
    channels.some((each, i) => each <= (channels[i - 1] ?? -1)) || channels.at(-1)! >= layer_channels
      ? `channels must ascend below layer_channels (${layer_channels}), they are ${channels}`
      : undefined,
);

const model = check(
  object({
    architecture: name,
    parameters: whole(1, Number.MAX_SAFE_INTEGER),
    heatmap: optional(nullable(pair(side)), null), // [h, w] of the second output
    feature_maps: optional(list(featureMap), []), // outputs after the heat map
  }),
  ({ feature_maps }) =>
    repeats(
      "outputs of feature_maps",
      feature_maps.map((each) => each.output),
    ),
);

const record = object({ path, bytes: whole(0, Number.MAX_SAFE_INTEGER), sha256 });

const tensor = object({
  name,
  dtype: optional(literal("float32"), "float32"),
  layout: oneOf(["NHWC", "NC"] as const),
  shape: list(count), // -1 is a size that the caller chooses: the batch
});

const parity = object({
  runtime: name,
  images: count,
  max_abs_probability: number,
  mean_abs_probability: number,
  flips: count, // labels that differ outside near ties
});

const modelFile = object({
  format: oneOf(FORMATS),
  precision: oneOf(PRECISIONS),
  parts: list(record, 1), // parts[0] is the entry point that a runtime opens
  input: tensor,
  outputs: list(tensor),
  parity: optional(list(parity), []),
  max_abs_from_fp32: optional(number, 0),
  label_agreement: optional(probability, 1),
});

const goldenPhoto = object({ name, photo: record, pixels: record, pixels_sha256: sha256 });
const golden = check(object({ photos: list(goldenPhoto), probabilities: record }), ({ photos }) =>
  repeats(
    "names of golden photos",
    photos.map((each) => each.name),
  ),
);

const provenance = object({
  source: name,
  recipe: optional(any, ""),
  command: optional(any, ""),
  seed: optional(count, 0),
  photos: optional(dictionary(count), {}),
  data_sha256: optional(any, ""),
  versions: optional(dictionary(any), {}),
  metrics: optional(dictionary(number), {}),
});

const spec = check(
  object({
    spec: optional(literal(SPEC_VERSION), SPEC_VERSION),
    name,
    labels: list(label, 2),
    input,
    output,
    model,
    files: optional(list(modelFile), []),
    golden: optional(nullable(golden), null),
    provenance,
  }),
  ({ labels, files }) =>
    repeats(
      "label ids",
      labels.map((each) => each.id),
    ) ?? repeats("formats and precisions of files", files.map(keyOf)),
);

export type Label = Read<typeof label>;
export type InputSpec = Read<typeof input>;
export type Band = Read<typeof band>;
export type OutputSpec = Read<typeof output>;
export type FeatureMap = Read<typeof featureMap>;
export type FileRecord = Read<typeof record>;
export type Tensor = Read<typeof tensor>;
export type Parity = Read<typeof parity>;
export type ModelFile = Read<typeof modelFile>;
export type Spec = Read<typeof spec>;

/** Read a spec's JSON text strictly. Throws SpecError that names `where`, the field and what is wrong with it. */
export function parse(data: string, where: string = SPEC_NAME): Spec {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch (error) {
    throw new SpecError(`${where} is not JSON: ${(error as Error).message}. Export the bundle again.`, {
      cause: error,
    });
  }
  return parseSpec(json, where);
}

/** Read a spec from parsed JSON, as `parse` does. */
export function parseSpec(json: unknown, where: string = SPEC_NAME): Spec {
  try {
    return spec(json, at("$"));
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new SpecError(
      `${where} breaks the contract: ${error.message}. Was it written by another version of Safelight?`,
      {
        cause: error,
      },
    );
  }
}

/** How reports and the command line name a model file: "tflite-fp16". */
export function keyOf(file: { format: Format; precision: Precision }): string {
  return `${file.format}-${file.precision}`;
}

/** Size of all parts in bytes. */
export function sizeOf(file: ModelFile): number {
  return file.parts.reduce((sum, part) => sum + part.bytes, 0);
}

function repeats(what: string, names: string[]): string | undefined {
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  return twice.length > 0 ? `${what} must differ, ${[...new Set(twice)].join(", ")} repeat` : undefined;
}
