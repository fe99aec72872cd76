/**
 * Reads a ZIP without holding it: zip.js slices the directory and the entries that somebody asks for out of the Blob, and
 * the browser inflates them. An entry gives no more bytes than its reader allows, whatever it says of itself.
 *
 * `zip-core-custom` is zip.js with the browser's own codecs alone: no worker, which would come from a blob: address, and no
 * WebAssembly of its own.
 */

import {
  BlobReader,
  BlobWriter,
  ERR_BAD_FORMAT,
  ERR_EOCDR_NOT_FOUND,
  type FileEntry,
  ZipReader,
} from "@zip.js/zip.js/lib/zip-core-custom.js";
import { BundleError, messageOf } from "../../contract/errors.ts";

/** A file of an archive or of a folder. */
export interface Entry {
  readonly path: string; // with forward slashes
  readonly bytes: number; // as the archive says, unpacked
  /** Throws BundleError where it is damaged or longer than `most` bytes, or the signal's reason. */
  read(most: number, signal: AbortSignal): Promise<Blob>;
}

// Two entries that share their bytes are how one archive becomes millions of times its size.
const OPTIONS = { useWebWorkers: false, checkOverlappingEntry: true };
const NO_ZIP: readonly string[] = [ERR_BAD_FORMAT, ERR_EOCDR_NOT_FOUND];

/** The files of an archive, folders left out. Throws BundleError where it is no ZIP, or the signal's reason. */
export async function entriesOf(zip: Blob, signal: AbortSignal): Promise<Entry[]> {
  const entries: Entry[] = [];
  try {
    for await (const entry of new ZipReader(new BlobReader(zip), OPTIONS).getEntriesGenerator()) {
      signal.throwIfAborted();
      if (entry.directory) continue;
      const { filename: path, uncompressedSize: bytes } = entry;
      entries.push({ path, bytes, read: (most, until) => unpack(entry, most, until) });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw NO_ZIP.includes(messageOf(error))
      ? new BundleError("This is no ZIP file, or its end is missing. Copy it again, or open the bundle's folder.")
      : new BundleError(`The ZIP file is damaged: ${messageOf(error)}. Copy it again.`, { cause: error });
  }
  return entries;
}

async function unpack(entry: FileEntry, most: number, signal: AbortSignal): Promise<Blob> {
  const { filename: path, uncompressedSize: bytes } = entry;
  if (bytes > most)
    throw new BundleError(`${path} is longer than the ${most} bytes that it may have. Copy the bundle again.`);
  try {
    return await entry.getData(new BlobWriter(), { signal }); // no more than it says: zip.js counts
  } catch (error) {
    signal.throwIfAborted();
    throw new BundleError(
      `${path} can't be unpacked: ${messageOf(error)}. Copy the ZIP file again, or unpack it and open the folder.`,
      { cause: error },
    );
  }
}
