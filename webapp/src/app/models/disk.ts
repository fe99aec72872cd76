/** A bundle from the visitor's disk, as a ZIP file or a folder: found, read strictly, every checksum compared. */

import { BundleError } from "../../contract/errors.ts";
import { type FileRecord, SPEC_NAME, type Spec } from "../../contract/spec.ts";
import { readRecord } from "../../runtimes/source.ts";
import { type Bundle, bundleOf, fileFor, runtimesFor } from "./model.ts";
import type { Entry } from "./unzip.ts";

const MOST_SPEC = 16 * 2 ** 20; // bytes: 1000 labels in three languages take 0.2 MB
const MOST_BUNDLE = 2 ** 31; // bytes of all files

/** A bundle whose files are at hand; `text` is its spec.json. */
export interface DiskBundle extends Bundle {
  readonly source: ReadonlyMap<string, Blob>;
  readonly text: string;
}

/** Whether a file may be a bundle's archive. */
export function isArchive(file: File): boolean {
  return /\.zip$/i.test(file.name);
}

/** A folder's files as entries; `<input webkitdirectory>` and a drop both know their paths. */
export function folderOf(files: Iterable<{ readonly file: File; readonly path: string }>): Entry[] {
  return Array.from(files, ({ file, path }) => ({
    path,
    bytes: file.size,
    read: async (most: number) => {
      if (file.size > most)
        throw new BundleError(`${path} is longer than the ${most} bytes that it may have. Copy the bundle again.`);
      return file;
    },
  }));
}

/** Read a bundle's archive. Throws BundleError, SpecError or the signal's reason. */
export async function readArchive(zip: Blob, signal: AbortSignal): Promise<DiskBundle> {
  const { entriesOf } = await import("./unzip.ts");
  return readBundle(await entriesOf(zip, signal), signal);
}

/**
 * Read a bundle: all that its spec names must be there and be what the spec says; what the page can use of it is kept.
 * Throws BundleError, SpecError or the signal's reason.
 */
export async function readBundle(entries: readonly Entry[], signal: AbortSignal): Promise<DiskBundle> {
  const root = rootOf(entries.map((entry) => entry.path));
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const text = await (await byPath.get(root + SPEC_NAME)!.read(MOST_SPEC, signal)).text();
  const { id, spec } = await bundleOf(text, new Map(), false, SPEC_NAME);
  if (spec.files.length === 0)
    throw new BundleError("This is a run, not a bundle: it has no exported model. Export it.");
  const records = recordsOf(spec);
  if (records.reduce((sum, record) => sum + record.bytes, 0) > MOST_BUNDLE)
    throw new BundleError(`The bundle's files have more than ${MOST_BUNDLE} bytes. Export fewer formats.`);
  const used = new Set(usedRecords(spec).map((record) => record.path));
  const source = new Map<string, Blob>();
  for (const record of records) {
    signal.throwIfAborted();
    const entry = byPath.get(root + record.path);
    if (!entry)
      throw new BundleError(`The bundle lacks ${record.path}. Copy the whole bundle again, or export it again.`);
    if (entry.bytes !== record.bytes)
      throw new BundleError(
        `${record.path} was changed: ${entry.bytes} bytes; the spec says ${record.bytes}. Copy the bundle again.`,
      );
    const data = await readRecord(new Map([[record.path, await entry.read(record.bytes, signal)]]), record);
    if (used.has(record.path)) source.set(record.path, new Blob([data])); // a copy: the file may change or go
  }
  return { id, spec, source, text, isOurs: false };
}

/** The folder of the one spec.json that lies highest, "" or with a slash at the end. */
export function rootOf(paths: readonly string[]): string {
  const roots = paths
    .filter((path) => path === SPEC_NAME || path.endsWith(`/${SPEC_NAME}`))
    .map((path) => path.slice(0, -SPEC_NAME.length))
    .sort((a, b) => a.split("/").length - b.split("/").length);
  const [root, next] = roots;
  if (root === undefined) throw new BundleError("There is no spec.json in it, so it is no Safelight bundle.");
  if (next !== undefined && next.split("/").length === root.split("/").length)
    throw new BundleError(`It holds several bundles: ${root} and ${next}. Open one of them.`);
  return root;
}

/** Every file that a spec names. */
function recordsOf(spec: Spec): FileRecord[] {
  return [...spec.files.flatMap((file) => file.parts), ...goldenRecords(spec)];
}

/** Those that a browser can use. */
function usedRecords(spec: Spec): FileRecord[] {
  const files = new Set(runtimesFor(spec).map((runtime) => fileFor(spec, runtime)!));
  return [...[...files].flatMap((file) => file.parts), ...goldenRecords(spec)];
}

function goldenRecords({ golden }: Spec): FileRecord[] {
  return golden ? [golden.probabilities, ...golden.photos.flatMap(({ photo, pixels }) => [photo, pixels])] : [];
}
