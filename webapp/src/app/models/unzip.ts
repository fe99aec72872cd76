/**
 * Reads a ZIP without holding it: the directory at its end, then the entries that somebody asks for, inflated by the
 * browser. An entry gives no more bytes than its reader allows, whatever it says of itself.
 */

import { BundleError, messageOf } from "../../contract/errors.ts";

/** A file of an archive or of a folder. */
export interface Entry {
  readonly path: string; // with forward slashes
  readonly bytes: number; // as the archive says, unpacked
  /** Throws BundleError where it is damaged or longer than `most` bytes. */
  read(most: number): Promise<Blob>;
}

const END = { signature: 0x06054b50, bytes: 22, comment: 0xffff };
const CENTRAL = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const [STORED, DEFLATED] = [0, 8];
const ENCRYPTED = 1;

/** The files of an archive, folders left out. Throws BundleError where it is no ZIP, or one with encryption or above 4 GiB. */
export async function entriesOf(zip: Blob): Promise<Entry[]> {
  const { count, start, length } = await directoryOf(zip);
  const view = await read(zip, start, length);
  const entries: Entry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL.bytes > view.byteLength || view.getUint32(at, true) !== CENTRAL.signature) throw damaged();
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [
      number,
      number,
      number,
    ];
    const path = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + CENTRAL.bytes, name));
    const entry = {
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      bytes: view.getUint32(at + 24, true),
      header: view.getUint32(at + 42, true),
    };
    if (!path.endsWith("/"))
      entries.push({ path, bytes: entry.bytes, read: (most) => unpack(zip, { path, ...entry }, most) });
    at += CENTRAL.bytes + name + extra + comment;
  }
  return entries;
}

interface Packed {
  readonly path: string;
  readonly flags: number;
  readonly method: number;
  readonly packed: number;
  readonly bytes: number;
  readonly header: number;
}

async function directoryOf(zip: Blob): Promise<{ count: number; start: number; length: number }> {
  const from = Math.max(0, zip.size - END.bytes - END.comment);
  const view = await read(zip, from, zip.size - from);
  for (let at = view.byteLength - END.bytes; at >= 0; at--) {
    if (view.getUint32(at, true) !== END.signature) continue;
    const [count, length, start] = [
      view.getUint16(at + 10, true),
      view.getUint32(at + 12, true),
      view.getUint32(at + 16, true),
    ];
    if (count === 0xffff || start === 0xffffffff)
      throw new BundleError("The ZIP file is in the format for archives above 4 GiB. Unpack it and open the folder.");
    if (start + length > from + at) throw damaged();
    return { count, start, length };
  }
  throw new BundleError("This is no ZIP file, or its end is missing. Copy it again, or open the bundle's folder.");
}

async function unpack(zip: Blob, entry: Packed, most: number): Promise<Blob> {
  const { path, flags, method, packed, header } = entry;
  if (flags & ENCRYPTED || (method !== STORED && method !== DEFLATED))
    throw new BundleError(`${path} is encrypted or packed in a rare way. Unpack the ZIP file and open the folder.`);
  const local = await read(zip, header, LOCAL.bytes);
  if (local.byteLength < LOCAL.bytes || local.getUint32(0, true) !== LOCAL.signature) throw damaged();
  const start = header + LOCAL.bytes + local.getUint16(26, true) + local.getUint16(28, true);
  const data = zip.slice(start, start + packed);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  try {
    const stream = data.stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
    const reader = (
      method === STORED ? stream : stream.pipeThrough(new DecompressionStream("deflate-raw"))
    ).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts);
      bytes += value.length;
      if (bytes > most) {
        void reader.cancel();
        throw new BundleError(`${path} is longer than the ${most} bytes that it may have. Copy the bundle again.`);
      }
      parts.push(value);
    }
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new BundleError(`${path} can't be unpacked: ${messageOf(error)}. Copy the ZIP file again.`, { cause: error });
  }
}

async function read(zip: Blob, start: number, length: number): Promise<DataView> {
  return new DataView(await zip.slice(start, start + length).arrayBuffer());
}

function damaged(): BundleError {
  return new BundleError("The ZIP file is damaged: its directory is not where it should be. Copy it again.");
}
