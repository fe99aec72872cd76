/** Photos from wherever people bring them: a file picker, a folder, a drop, the clipboard. */

import { SUFFIXES } from "../contract/decode.ts";

/** What a drop or a paste carries; folders are walked, and only their photos taken. */
export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  // Entries must be taken before the first await: afterwards the browser empties the list.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.() ?? null);
  const loose = Array.from(transfer.files);
  if (!entries.some((entry) => entry?.isDirectory)) return loose;
  const found = await Promise.all(entries.map((entry) => (entry ? walk(entry) : [])));
  return found.flat();
}

/** The photos of a folder chosen by `<input webkitdirectory>`, which lists every file below it. */
export function photosAmong(files: Iterable<File>): File[] {
  return Array.from(files).filter((file) => isPhotoPath(file.webkitRelativePath || file.name));
}

/** Whether a folder's file counts as a photo: a known suffix, nothing hidden on the way. As Python's `find_photos`. */
export function isPhotoPath(path: string): boolean {
  const names = path.split("/");
  const suffix = /\.[^.]+$/.exec(names.at(-1)!)?.[0].toLowerCase() ?? "";
  return SUFFIXES.has(suffix) && !names.some((name) => name.startsWith("."));
}

async function walk(entry: FileSystemEntry, isInside = false): Promise<File[]> {
  if (entry.isFile) {
    if (isInside && !isPhotoPath(entry.fullPath.replace(/^\//, ""))) return [];
    return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  }
  const children = await childrenOf(entry as FileSystemDirectoryEntry);
  const found = await Promise.all(children.map((child) => walk(child, true)));
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
