/**
 * A ZIP file of photos as they are, stored without compression.
 *
 * zip.js writes the format; the archive is a Blob of what it writes, with *the files themselves* in place of their bytes:
 * the browser reads them from the disk while it saves, so that gigabytes cost no memory, in every browser. Kept as bytes
 * they would fill it, since only Chromium can save a stream.
 */

import { BlobReader, ZipWriter } from "@zip.js/zip.js/lib/zip-core-custom.js";

/** A file's place in the archive, "dogs/a.jpg", and its bytes. */
export interface Entry {
  readonly path: string;
  readonly data: Blob;
  readonly modified: Date;
}

const OPTIONS = {
  level: 0, // photos are compressed already
  useWebWorkers: false,
  extendedTimestamp: false, // the plain one is local time, to two seconds
};

/** The archive; each file is read once for its checksum. Calls `done` after each. Rejects with what can't be read, or the signal's reason. */
export async function zip(
  entries: Iterable<Entry>,
  signal: AbortSignal,
  done: () => void = () => undefined,
): Promise<Blob> {
  return new Blob(await partsOf(entries, signal, done), { type: "application/zip" });
}

/** What the archive consists of: the format's bytes, and the files between them. */
export async function partsOf(entries: Iterable<Entry>, signal: AbortSignal, done: () => void): Promise<BlobPart[]> {
  const spliced = new Spliced();
  const writer = new ZipWriter(new WritableStream<Uint8Array<ArrayBuffer>>(spliced), OPTIONS);
  for (const { path, data, modified } of entries) {
    signal.throwIfAborted();
    spliced.expect(data);
    const { uncompressedSize } = await writer.add(path, new BlobReader(data), { lastModDate: modified, signal });
    if (uncompressedSize !== data.size || !spliced.isThrough) throw new Error(`${path} has changed while it was read`);
    done();
  }
  await writer.close();
  return spliced.parts;
}

/** Takes an archive's bytes, and puts each file where its bytes come by. */
class Spliced implements UnderlyingSink<Uint8Array<ArrayBuffer>> {
  readonly parts: BlobPart[] = [];
  #file: Blob | undefined; // whose header comes next
  #left = 0; // bytes of it that are still to come

  /** The next that comes is this file's header, then its bytes. */
  expect(file: Blob): void {
    this.#file = file;
  }

  /** Whether the file has come by, neither shorter nor longer. */
  get isThrough(): boolean {
    return this.#file === undefined && this.#left === 0;
  }

  write(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#file) {
      this.parts.push(bytes, this.#file);
      this.#left = this.#file.size;
      this.#file = undefined;
    } else if (this.#left > 0) this.#left -= bytes.length;
    else this.parts.push(bytes);
  }
}
