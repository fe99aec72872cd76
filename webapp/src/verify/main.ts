/**
 * The self-testing page: `safelight verify` opens it in a browser, and it reports every stage of every photo.
 *
 * A GPU that is right on its first inference can be wrong on a later one, so the first photo runs twice
 * at once, and the first few run again after all others.
 */

import { messageOf, PhotoError, RuntimeUnavailable, SafelightError } from "../contract/errors.ts";
import { keyOf, parse, SPEC_NAME, type Spec } from "../contract/spec.ts";
import { isRuntimeId, RUNTIMES } from "../runtimes/index.ts";
import { Client } from "../worker/client.ts";
import {
  type About,
  CLAIM,
  DECODED,
  type Inference,
  type Plan,
  type PlannedRun,
  parsePlan,
  type RunReport,
  type StageReport,
} from "./plan.ts";
import StagesWorker from "./verify.worker.ts?worker";
import { View } from "./view.ts";

const LANES = 2; // photos decoded at a time: a 100-megapixel photo takes 0.8 GB
const REPEATED = 3; // photos that run again after all others
const TELL_MS = 5000; // without news the listener takes the page for dead
const UPLOAD_BYTES = 48 * 2 ** 20; // of a decoded photo that differs from Python's, 16 megapixels
const UPLOADS_BYTES = 4 * UPLOAD_BYTES; // of all of them: the other side keeps them in memory

type Pixels = Map<number, Uint8Array>; // [S,S,3] by photo index

const view = new View();

async function main(): Promise<void> {
  const { status } = await fetch(CLAIM, { method: "POST" });
  if (status === 403) return view.refuse();
  const plan = parsePlan(await (await get("plan.json")).json());
  const bundle = new URL(plan.bundle, document.baseURI).href;
  const spec = parse(await (await get(new URL(SPEC_NAME, bundle).href)).text());
  let planned = plan.photos.length;
  view.start(planned + plan.runs.reduce((sum, run) => sum + run.photos, 0));
  const pixels = await stages(plan, spec);
  for (const run of plan.runs) {
    view.doing("running", { runtime: titleOf(run.runtime), file: run.file });
    await post(`runs/${run.id.split("/").map(encodeURIComponent).join("/")}`, await report(run, bundle, spec, pixels));
    planned += run.photos;
    view.reach(planned);
  }
  await post("done", about());
  view.finish();
}

/** Stages 1 and 2 of every photo; the pixels of the accepted ones. */
async function stages(plan: Plan, spec: Spec): Promise<Pixels> {
  const accepted: Pixels = new Map();
  const queue = plan.photos.entries();
  let uploaded = 0;
  view.doing("reading");
  const lane = async () => {
    const client = new Client(new StagesWorker());
    for (const [index, photo] of queue) {
      const blob = await (await get(photo.url)).blob();
      const [stage, pixels, decoded] = await prepare(client, blob, photo.decoded_sha256, spec);
      if (pixels) accepted.set(index, pixels);
      if (decoded && decoded.length <= Math.min(UPLOAD_BYTES, UPLOADS_BYTES - uploaded)) {
        uploaded += decoded.length;
        await post(`${DECODED}/${index}`, decoded);
      }
      await post(`stages/${index}`, stage);
      view.step();
    }
    client.close();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return accepted;
}

/** A photo's report, its pixels, and what was decoded where its checksum is not `expected`. */
async function prepare(
  client: Client,
  photo: Blob,
  expected: string,
  spec: Spec,
): Promise<[StageReport, Uint8Array?, (Uint8Array<ArrayBuffer> | undefined)?]> {
  try {
    const job = { photo, input: spec.input, expected };
    const { width, height, sha256, decodeMs, resizeMs, pixels, decoded } = await client.call("prepare", job);
    const times = { decode_ms: decodeMs, resize_ms: resizeMs };
    return [
      { verdict: "ok", message: "", width, height, decoded_sha256: sha256, ...times, pixels: base64(pixels) },
      pixels,
      decoded,
    ];
  } catch (error) {
    if (!(error instanceof PhotoError)) throw error;
    const nothing = { width: 0, height: 0, decoded_sha256: "", decode_ms: 0, resize_ms: 0, pixels: "" };
    return [{ verdict: error.reason, message: error.message, ...nothing }];
  }
}

async function report(run: PlannedRun, bundle: string, spec: Spec, pixels: Pixels): Promise<RunReport> {
  try {
    return await execute(run, bundle, spec, pixels);
  } catch (error) {
    const status = error instanceof RuntimeUnavailable ? "skipped" : "failed";
    const nothing = { probabilities: {}, again: [], load_ms: 0, first_ms: 0, median_ms: 0 };
    return { status, reason: messageOf(error), ...nothing };
  }
}

async function execute(run: PlannedRun, bundle: string, spec: Spec, pixels: Pixels): Promise<RunReport> {
  if (!isRuntimeId(run.runtime))
    throw new SafelightError(`this page has no runtime ${run.runtime}; it has ${Object.keys(RUNTIMES).join(", ")}`);
  const client = new Client(RUNTIMES[run.runtime].start());
  try {
    const { ms } = await client.call("load", { source: bundle, spec, key: run.file });
    const indices = [...pixels.keys()].filter((index) => index < run.photos).sort((a, b) => a - b);
    const others = Math.max(0, indices.length - 1);
    const turns = [...indices.slice(0, 1), ...indices, ...indices.slice(0, Math.min(REPEATED, others))];
    const probabilities: Record<string, number[]> = {};
    const again: Inference[] = [];
    const times: number[] = [];
    let told = performance.now();
    for (const photo of turns) {
      const answer = await client.call("run", { pixels: pixels.get(photo)! });
      const found = { photo, inference: times.push(answer.ms), probabilities: Array.from(answer.probabilities) };
      if (photo in probabilities) again.push(found);
      else {
        probabilities[photo] = found.probabilities;
        view.step();
      }
      if (performance.now() - told > TELL_MS) {
        told = performance.now();
        await post("progress", { text: `${run.id}, inference ${times.length} of ${turns.length}` }); // still alive
      }
    }
    const [first = 0, ...later] = times;
    const timed = { load_ms: ms, first_ms: first, median_ms: median(later) };
    return { status: "ok", reason: "", probabilities, again, ...timed, ...(await maps(client, run, spec, pixels)) };
  } finally {
    client.close();
  }
}

/** The heat map and the feature maps of the first photo, where the bundle has feature maps; after all that is timed. */
async function maps(
  client: Client,
  run: PlannedRun,
  spec: Spec,
  pixels: Pixels,
): Promise<Pick<RunReport, "maps" | "maps_of">> {
  const index = Math.min(...pixels.keys());
  const file = spec.files.find((each) => keyOf(each) === run.file);
  if (!file || spec.model.feature_maps.length === 0 || !(index < run.photos)) return {};
  const outputs = file.outputs.slice(1).map(({ name }) => name);
  const found = await client.call("maps", { pixels: pixels.get(index)!, outputs });
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);
  const packed = outputs.map((name) => [name, base64(bytes(found[name]!))]);
  return { maps_of: index, maps: Object.fromEntries(packed) };
}

function titleOf(runtime: string): string {
  return isRuntimeId(runtime) ? RUNTIMES[runtime].title : runtime;
}

/** What the report says of the device. A graphics chip explains more about WebGL than the browser's name does. */
function about(): About {
  const webgl = document.createElement("canvas").getContext("webgl");
  const names = webgl?.getExtension("WEBGL_debug_renderer_info");
  const graphics = webgl?.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : webgl.RENDERER) ?? "";
  return { user_agent: navigator.userAgent, processors: navigator.hardwareConcurrency, graphics: String(graphics) };
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new SafelightError(`${url}: the server answered ${response.status}`);
  return response;
}

/** Report an object as JSON, or bytes as they are. */
async function post(url: string, body: object | Uint8Array<ArrayBuffer>): Promise<void> {
  const isBytes = body instanceof Uint8Array;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": isBytes ? "application/octet-stream" : "application/json" },
    body: isBytes ? body : JSON.stringify(body),
  });
  if (!response.ok) throw new SafelightError(`POST ${url}: the server answered ${response.status}`);
}

main().catch(async (error: unknown) => {
  view.fail(messageOf(error));
  await post("failed", { message: messageOf(error) });
});
