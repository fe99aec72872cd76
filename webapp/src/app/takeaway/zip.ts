/**
 * A ZIP file of photos as they are, stored without compression.
 *
 * Written here and not with a library, because the archive is a Blob whose parts are the headers and *the files
 * themselves*: the browser reads them from the disk while it saves, so that gigabytes cost no memory, in every browser.
 * Libraries hand out a stream of bytes, which only Chromium can save without gathering it. Format: PKWARE's APPNOTE 6.3;
 * ZIP64 where sizes, places or counts need it.
 */

import { crc32 } from "../../contract/crc.ts";

/** A file's place in the archive, "dogs/a.jpg", and its bytes. */
export interface Entry {
  readonly path: string;
  readonly data: Blob;
  readonly modified: Date;
}

interface Located {
  readonly path: Uint8Array;
  readonly size: number;
  readonly crc: number;
  readonly modified: Date;
  readonly at: number; // where its header starts
}

const MOST_16 = 0xffff;
const MOST_32 = 0xffffffff;
const UTF8 = 0x0800;
const VERSION = { plain: 20, zip64: 45 }; // 2.0, 4.5

/** The archive; each file is read once for its checksum. Calls `done` after each. Rejects with what can't be read, or the signal's reason. */
export async function zip(
  entries: Iterable<Entry>,
  signal: AbortSignal,
  done: () => void = () => undefined,
): Promise<Blob> {
  const parts: BlobPart[] = [];
  const located: Located[] = [];
  let at = 0;
  for (const { path, data, modified } of entries) {
    const entry = {
      path: new TextEncoder().encode(path),
      size: data.size,
      crc: await crcOf(data, signal),
      modified,
      at,
    };
    const header = local(entry);
    parts.push(header, data);
    located.push(entry);
    at += header.length + data.size;
    done();
  }
  const directory = located.map(central);
  const size = directory.reduce((sum, each) => sum + each.length, 0);
  return new Blob([...parts, ...directory, end(located.length, size, at)], { type: "application/zip" });
}

async function crcOf(data: Blob, signal: AbortSignal): Promise<number> {
  let crc = 0;
  const reader = data.stream().getReader();
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = await reader.read();
    if (done) return crc;
    crc = crc32(value, crc);
  }
}

/** The header before a file's bytes. */
export function local({ path, size, crc, modified }: Located): Uint8Array<ArrayBuffer> {
  const isLarge = size >= MOST_32;
  const extra = isLarge ? zip64([size, size]) : [];
  return bytes(
    [4, 0x04034b50],
    [2, isLarge ? VERSION.zip64 : VERSION.plain],
    [2, UTF8],
    [2, 0], // stored
    ...dosTime(modified),
    [4, crc],
    [4, Math.min(size, MOST_32)],
    [4, Math.min(size, MOST_32)],
    [2, path.length],
    [2, widthOf(extra)],
    path,
    ...extra,
  );
}

/** A file's line in the directory at the end. */
export function central({ path, size, crc, modified, at }: Located): Uint8Array<ArrayBuffer> {
  const large = [...(size >= MOST_32 ? [size, size] : []), ...(at >= MOST_32 ? [at] : [])];
  const extra = large.length > 0 ? zip64(large) : [];
  const version = large.length > 0 ? VERSION.zip64 : VERSION.plain;
  return bytes(
    [4, 0x02014b50],
    [2, version],
    [2, version],
    [2, UTF8],
    [2, 0],
    ...dosTime(modified),
    [4, crc],
    [4, Math.min(size, MOST_32)],
    [4, Math.min(size, MOST_32)],
    [2, path.length],
    [2, widthOf(extra)],
    [2, 0], // comment
    [2, 0], // disk
    [2, 0],
    [4, 0],
    [4, Math.min(at, MOST_32)],
    path,
    ...extra,
  );
}

/** The end of the archive: `count` files, whose directory of `size` bytes starts `at`. */
export function end(count: number, size: number, at: number): Uint8Array<ArrayBuffer> {
  const isLarge = count >= MOST_16 || size >= MOST_32 || at >= MOST_32;
  const record: Part[] = [
    [4, 0x06064b50],
    [8, 44], // bytes of this record after this field
    [2, VERSION.zip64],
    [2, VERSION.zip64],
    [4, 0],
    [4, 0],
    [8, count],
    [8, count],
    [8, size],
    [8, at],
  ];
  const locator: Part[] = [
    [4, 0x07064b50],
    [4, 0],
    [8, at + size],
    [4, 1],
  ];
  return bytes(
    ...(isLarge ? [...record, ...locator] : []),
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, Math.min(count, MOST_16)],
    [2, Math.min(count, MOST_16)],
    [4, Math.min(size, MOST_32)],
    [4, Math.min(at, MOST_32)],
    [2, 0],
  );
}

type Field = readonly [width: 2 | 4 | 8, value: number];
type Part = Field | Uint8Array;

/** The extra field with 8-byte numbers for what 4 bytes can't hold. */
function zip64(values: readonly number[]): Field[] {
  return [[2, 1], [2, values.length * 8], ...values.map((value): Field => [8, value])];
}

/** Two seconds' precision, local time, 1980 to 2107. */
function dosTime(date: Date): Field[] {
  const year = Math.min(Math.max(date.getFullYear(), 1980), 2107);
  return [
    [2, (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1)],
    [2, ((year - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate()],
  ];
}

function widthOf(fields: readonly Field[]): number {
  return fields.reduce((sum, [width]) => sum + width, 0);
}

/** Little-endian numbers and bytes in a row. */
function bytes(...parts: Part[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + (part instanceof Uint8Array ? part.length : part[0]), 0);
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  let at = 0;
  for (const part of parts) {
    if (part instanceof Uint8Array) out.set(part, at);
    else if (part[0] === 2) view.setUint16(at, part[1], true);
    else if (part[0] === 4) view.setUint32(at, part[1], true);
    else view.setBigUint64(at, BigInt(part[1]), true);
    at += part instanceof Uint8Array ? part.length : part[0];
  }
  return out;
}
