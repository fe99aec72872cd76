import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { folderOf, isArchive, readBundle, rootOf } from "../src/app/models/disk.ts";
import { distance } from "../src/app/models/exam.ts";
import { explain } from "../src/app/models/known.ts";
import { fileFor, insteadOf, isOnCpu, runtimesFor } from "../src/app/models/model.ts";
import { entriesOf } from "../src/app/models/unzip.ts";
import { crc32 } from "../src/contract/crc.ts";
import { keyOf, parse, type Spec } from "../src/contract/spec.ts";
import { RUNTIMES, type RuntimeId } from "../src/runtimes/index.ts";
import { FULL_SPEC } from "./golden.ts";

interface Made {
  path?: string;
  data?: Uint8Array;
  said?: number; // the size that it claims
  flags?: number;
  count?: number; // lines of the directory, all for the same bytes
}

/** A ZIP with one entry, by the format's own document (APPNOTE 4.3). */
function zip({ path = "spec.json", data = TEXT, said = data.length, flags = 0, count = 1 }: Made = {}): Blob {
  const [name, packed] = [new TextEncoder().encode(path), deflateRawSync(data)];
  const sizes = [crc32(data), packed.length, said];
  const local = fields([0x04034b50], [20, flags, 8, 0, 0], sizes, [name.length, 0]);
  const line = [fields([0x02014b50], [20, 20, flags, 8, 0, 0], sizes, [name.length, 0, 0, 0, 0], [0, 0]), name];
  const directory = Array.from({ length: count }, () => line).flat();
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = fields([0x06054b50], [0, 0, count, count], [length, local.length + name.length + packed.length], [0]);
  return new Blob([local, name, packed, ...directory, end] as BlobPart[]);
}

/** Little-endian numbers, of four and of two bytes in turns. */
function fields(...groups: number[][]): Uint8Array<ArrayBuffer> {
  const bytes = groups.flatMap((group, turn) =>
    group.flatMap((value) => Array.from({ length: turn % 2 ? 2 : 4 }, (_, i) => (value >>> (8 * i)) & 255)),
  );
  return Uint8Array.from(bytes);
}

const TEXT = new TextEncoder().encode("spec ".repeat(1000));
const { signal } = new AbortController();

/** The files of an archive, one after the other. */
async function unpacked(archive: Blob, most = TEXT.length): Promise<Uint8Array[]> {
  const files: Uint8Array[] = [];
  for (const entry of await entriesOf(archive, signal))
    files.push(new Uint8Array(await (await entry.read(most, signal)).arrayBuffer()));
  return files;
}

test("an archive gives what was put in", async () => {
  const [entry] = await entriesOf(zip({ path: "a/spec.json" }), signal);
  expect([entry!.path, entry!.bytes]).toEqual(["a/spec.json", TEXT.length]);
  expect(await unpacked(zip())).toEqual([TEXT]);
});

const ZEROS = new Uint8Array(50_000_000); // 50 kB when packed
const PACKED = new Uint8Array(await zip().arrayBuffer());

test.each([
  ["no archive", new Blob(["Dear diary"]), "no ZIP file"],
  ["nothing", new Blob([]), "no ZIP file"],
  ["an archive without its end", zip().slice(0, -1), "no ZIP file"],
  ["an archive without its start", zip().slice(10), "can't be unpacked"],
  ["data that is not deflate's", new Blob([PACKED.slice().fill(255, 39, 60)]), "can't be unpacked"],
  ["an entry longer than it may be", zip({ data: ZEROS }), "is longer than the 5000 bytes that it may have"],
  ["an entry that says it were short", zip({ data: ZEROS, said: 100 }), "can't be unpacked: Invalid uncompressed size"],
  ["a path that leaves the archive", zip({ path: "../spec.json" }), "damaged: Unsafe filename"],
  ["two entries that share their bytes", zip({ count: 2 }), "can't be unpacked: Overlapping entry found"],
  ["an encrypted entry", zip({ flags: 1 }), "can't be unpacked: File contains encrypted entry"],
])("%s is refused", async (_, blob, why) => {
  expect(blob.size).toBeLessThan(100_000);
  await expect(unpacked(blob)).rejects.toThrow(why);
});

test("an opening that is called off ends with the signal's reason, wherever it is", async () => {
  const off = (when: number) => {
    const controller = new AbortController();
    let asked = 0;
    const entries = folderOf([{ file: new File([FULL_SPEC], "spec.json"), path: "spec.json" }]).map((entry) => ({
      ...entry,
      read: (most: number, until: AbortSignal) => {
        if (++asked === when) controller.abort(new Error("no more"));
        return entry.read(most, until);
      },
    }));
    return readBundle(entries, controller.signal);
  };
  await expect(off(1)).rejects.toThrow("no more");
  await expect(off(2)).rejects.toThrow("The bundle lacks");
  const archive = entriesOf(zip(), AbortSignal.abort(new Error("no more")));
  await expect(archive).rejects.toThrow("no more");
  const [entry] = await entriesOf(zip(), signal);
  await expect(entry!.read(TEXT.length, AbortSignal.abort(new Error("no more")))).rejects.toThrow("no more");
});

test("the bundle is where its highest spec.json is", () => {
  expect(rootOf(["spec.json", "old/spec.json"])).toBe("");
  expect(rootOf(["pets.bundle/golden/a.png", "pets.bundle/spec.json", "pets.bundle/x/y/spec.json"])).toBe(
    "pets.bundle/",
  );
  expect(() => rootOf(["a/spec.json", "b/spec.json"])).toThrow("several bundles: a/ and b/");
  expect(() => rootOf(["a/other-spec.json"])).toThrow("no Safelight bundle");
});

test("only .zip is an archive", () => {
  const named = (name: string) => isArchive(new File([], name));
  expect(["a.zip", "A.ZIP", "zip", "a.zip.jpg"].map(named)).toEqual([true, true, false, false]);
});

test("a bundle that lacks a file, or has another of its size, names it; a run is none", async () => {
  const file = (path: string, text: string) => ({ path: `b/${path}`, file: new File([text], path) });
  const spec = parse(FULL_SPEC);
  const [first] = spec.files[0]!.parts;
  const entries = folderOf([file("spec.json", FULL_SPEC)]);
  await expect(readBundle(entries, signal)).rejects.toThrow(`The bundle lacks ${first!.path}`);
  await expect(readBundle(folderOf([file("spec.json", FULL_SPEC), file(first!.path, "x")]), signal)).rejects.toThrow(
    `${first!.path} was changed: 1 bytes; the spec says ${first!.bytes}`,
  );
  const run = JSON.stringify({ ...JSON.parse(FULL_SPEC), files: [] });
  await expect(readBundle(folderOf([file("spec.json", run)]), signal)).rejects.toThrow("This is a run");
  await expect(readBundle(folderOf([file("spec.json", "{}")]), signal)).rejects.toThrow(
    "spec.json breaks the contract",
  );
});

/** A spec with a file of each of these formats. */
function withFiles(...keys: string[]): Spec {
  const [file] = parse(FULL_SPEC).files;
  const files = keys.map((key) => {
    const [format, precision] = key.split("-") as ["tfjs", "fp16"];
    return { ...file!, format, precision };
  });
  return { ...parse(FULL_SPEC), files };
}

const ALL = withFiles("pytorch-fp32", "onnx-fp32", "onnx-fp16", "tflite-fp16", "tfjs-fp16");

/** The runtimes that are tried one after the other when each fails. */
function chain(spec: Spec, runtime: RuntimeId): RuntimeId[] {
  const tried: RuntimeId[] = [runtime];
  for (let next = insteadOf(spec, runtime, new Set(tried)); next; next = insteadOf(spec, next, new Set(tried)))
    tried.push(next);
  return tried.slice(1);
}

test("a runtime that fails is followed by the next more reliable one, JavaScript last", () => {
  expect(chain(ALL, "tfjs-webgpu")).toEqual([
    ...["tfjs-webgl", "tfjs-wasm", "litertjs-wasm", "onnxruntime-web-wasm", "onnxruntime-web-wasm-2", "tfjs-cpu"],
  ]);
  expect(chain(ALL, "litertjs-webgpu").slice(0, 2)).toEqual(["litertjs-wasm", "tfjs-wasm"]);
  expect(chain(ALL, "tfjs-wasm")).not.toContain("tfjs-webgl"); // never up again by itself
  expect(chain(withFiles("tflite-fp16"), "litertjs-wasm")).toEqual([]);
  expect(chain(withFiles("tfjs-fp32"), "tfjs-webgl")).toEqual(["tfjs-wasm", "tfjs-cpu"]);
});

test("the runtimes of a bundle are those whose files it has", () => {
  expect(runtimesFor(ALL)).toEqual(Object.keys(RUNTIMES));
  expect(runtimesFor(withFiles("tflite-fp16", "pytorch-fp32"))).toEqual(["litertjs-wasm", "litertjs-webgpu"]);
  expect(keyOf(fileFor(ALL, "onnxruntime-web-wasm")!)).toBe("onnx-fp32");
  expect(Object.keys(RUNTIMES).filter((id) => !isOnCpu(id as RuntimeId))).toEqual([
    ...["tfjs-webgl", "tfjs-webgpu", "litertjs-webgpu", "onnxruntime-web-webgpu"],
  ]);
});

test("a distance is the largest difference, and no number where one is or the lengths differ", () => {
  expect(distance([0, 0.5, 1], [0, 0.25, 1])).toBe(0.25);
  expect(distance([0.1, Number.NaN, 0.9], [0.1, 0.2, 0.3])).toBeNaN();
  expect(distance([], [1])).toBeNaN();
});

test("a known difference is one of this engine, of this kind of photo, within its bound", () => {
  const avif = new Uint8Array(64);
  avif.set(new TextEncoder().encode("ftypavif"), 4);
  avif.set(new TextEncoder().encode("av1C"), 30);
  const agent = {
    firefox: "Mozilla/5.0 (X11) Gecko/20100101 Firefox/153.0",
    chromium: "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156",
  };
  expect(explain(avif, 30, agent.firefox)).toBeUndefined(); // not 4:2:0
  avif[36] = 0b1100;
  expect(explain(avif, 30, agent.firefox)).toBe("exam.avif");
  expect(explain(avif, 65, agent.firefox)).toBeUndefined();
  expect(explain(avif, 30, agent.chromium)).toBeUndefined();
  expect(explain(avif, 30, `${agent.firefox} (iPhone)`)).toBeUndefined();
  const webp = new TextEncoder().encode("RIFF....WEBP");
  expect([explain(webp, 2, agent.firefox), explain(webp, 3, agent.firefox)]).toEqual(["exam.alpha", undefined]);
});
