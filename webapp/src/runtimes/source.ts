/** Where a bundle's files come from. The only place that knows the difference: everyone else asks `readRecord`. */

import { BundleError, messageOf } from "../contract/errors.ts";
import { hex } from "../contract/hex.ts";
import { sha256 as digestOf } from "../contract/sha256.ts";
import type { FileRecord } from "../contract/spec.ts";

/** The address of a bundle's folder, with a slash at the end, or its files by their paths: a worker takes either. */
export type Source = string | ReadonlyMap<string, Blob>;

/** A file of the bundle, compared with its size and its checksum. Throws BundleError. */
export async function readRecord(source: Source, record: FileRecord): Promise<Uint8Array<ArrayBuffer>> {
  const data = await bytesOf(source, record.path);
  const found = await sha256(data);
  if (data.length !== record.bytes || found !== record.sha256)
    throw new BundleError(
      `${record.path} was changed: ${data.length} bytes, sha256 ${found.slice(0, 12)}…; the spec says ${record.bytes} bytes, ` +
        `${record.sha256.slice(0, 12)}…. Copy the bundle again.`,
    );
  return data;
}

async function bytesOf(source: Source, path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof source !== "string") {
    const file = source.get(path);
    if (!file) throw new BundleError(`The bundle lacks ${path}. Copy the whole bundle again, or export it again.`);
    try {
      return new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      throw new BundleError(`${path} can't be read: ${messageOf(error)}. Open the bundle again.`, { cause: error });
    }
  }
  try {
    const response = await fetch(new URL(path, source));
    if (!response.ok) throw new BundleError(`the server answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new BundleError(`${path} can't be fetched: ${messageOf(error)}. Copy the whole bundle beside the page.`, {
      cause: error,
    });
  }
}

/** In hexadecimal. The browser's own where it offers one: on https and on the local machine. */
export async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  const digest = subtle ? new Uint8Array(await subtle.digest("SHA-256", data)) : digestOf(data);
  return hex(digest);
}
