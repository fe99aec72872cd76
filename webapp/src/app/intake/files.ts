/** Photos from wherever people bring them: a file picker, a folder, a drop. Folders are walked, and only their photos taken. */

import { SUFFIXES } from "../../contract/decode.ts";
import { SPEC_NAME } from "../../contract/spec.ts";
import type { Source } from "../session.ts";

/** Loose files, such as a paste or another app hands over. */
export function loose(files: Iterable<File>): Source[] {
  return Array.from(files, (file) => ({ file, path: file.name }));
}

/** What a drop carries. */
export async function dropped(transfer: DataTransfer): Promise<Source[]> {
  const files = Array.from(transfer.files);
  const items = Array.from(transfer.items).filter((item) => item.kind === "file");
  // Entries and handles must be asked for before the first await: afterwards the browser empties the list.
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return loose(files);
  const handles = items.map((item) => (item as WithHandle).getAsFileSystemHandle?.().catch(() => null));
  const found = await Promise.all(
    entries.map(async (entry, i) => {
      const handle = await handles[i];
      if (handle?.kind === "directory") return walkHandle(handle as FileSystemDirectoryHandle);
      return entry ? walkEntry(entry) : [];
    }),
  );
  return found.flat();
}

/** The files of a dropped folder that holds a model: with a spec.json at its top. */
export async function droppedBundle(transfer: DataTransfer): Promise<{ name: string; files: Source[] } | undefined> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.() ?? null); // before the first await
  const [folder] = entries;
  if (entries.length !== 1 || !folder?.isDirectory) return undefined;
  const children = await childrenOf(folder as FileSystemDirectoryEntry);
  if (!children.some((child) => child.isFile && child.name === SPEC_NAME)) return undefined;
  return { name: folder.name, files: await walkEntry(folder, () => true) };
}

/** The photos of a folder chosen by `<input webkitdirectory>`, which lists every file below it. */
export function listed(files: Iterable<File>): Source[] {
  return Array.from(files, (file) => ({ file, path: file.webkitRelativePath || file.name })).filter(({ path }) =>
    isPhotoPath(path),
  );
}

/** The photos below a folder that the File System Access API opened: only these can be moved afterwards. */
export async function walkHandle(folder: FileSystemDirectoryHandle, path = folder.name): Promise<Source[]> {
  const found: Source[] = [];
  const children: [string, FileSystemHandle][] = [];
  for await (const child of folder.entries()) children.push(child);
  for (const [name, child] of children.sort(byName)) {
    const below = path ? `${path}/${name}` : name;
    if (child.kind === "directory") {
      if (!name.startsWith(".")) found.push(...(await walkHandle(child as FileSystemDirectoryHandle, below)));
    } else if (isPhotoPath(name))
      found.push({ file: await (child as FileSystemFileHandle).getFile(), path: below, parent: folder });
  }
  return found;
}

/** Whether a folder's file counts as a photo: a known suffix, nothing hidden on the way. As Python's `find_photos`. */
export function isPhotoPath(path: string): boolean {
  const names = path.split("/");
  const suffix = /\.[^.]+$/.exec(names.at(-1)!)?.[0].toLowerCase() ?? "";
  return SUFFIXES.has(suffix) && !names.some((name) => name.startsWith("."));
}

interface WithHandle {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

/** The files of an entry; of those below a folder the `wanted` ones. */
async function walkEntry(entry: FileSystemEntry, wanted = isPhotoPath, isInside = false): Promise<Source[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    if (isInside && !wanted(path)) return [];
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ file, path }];
  }
  const children = await childrenOf(entry as FileSystemDirectoryEntry);
  const found = await Promise.all(children.map((child) => walkEntry(child, wanted, true)));
  return found.flat();
}

async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all.sort((a, b) => (a.name < b.name ? -1 : 1)); // it hands out 100 at a time
    all.push(...some);
  }
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
