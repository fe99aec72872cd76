/** Photos into a folder per class on the disk, through the File System Access API. Nothing there is overwritten. */

import { messageOf } from "../../contract/errors.ts";
import { mayChange } from "../intake/pickers.ts";
import type { Placed } from "./plan.ts";

/** What was done, and what could not be. */
export interface Outcome {
  readonly written: number;
  readonly moved: number;
  readonly failures: readonly string[]; // messages
}

/** Copy photos below `target`. Calls `done` after each; stops between two photos when the signal is aborted. */
export function copy(
  target: FileSystemDirectoryHandle,
  placed: readonly Placed[],
  signal: AbortSignal,
  done: () => void,
): Promise<Outcome> {
  return each(placed, signal, done, async (photo) => {
    await write(target, photo);
    return false;
  });
}

/** Copy, and remove an original once its copy has its size. What can't be removed stays, and is no failure of the copy. */
export async function move(
  target: FileSystemDirectoryHandle,
  placed: readonly Placed[],
  signal: AbortSignal,
  done: () => void,
): Promise<Outcome> {
  const folders = new Set(placed.flatMap(({ item }) => (item.parent ? [item.parent] : [])));
  const changeable = new Set<FileSystemDirectoryHandle>();
  for (const folder of folders) if (await mayChange(folder)) changeable.add(folder);
  return each(placed, signal, done, async (photo) => {
    const copied = await write(target, photo);
    const { parent, file } = photo.item;
    if (!parent || !changeable.has(parent)) return false;
    const { size } = await copied.getFile();
    if (size !== file.size) throw new Error(`${photo.item.path}: the copy has ${size} bytes of ${file.size}`);
    await parent.removeEntry(photo.item.name);
    return true;
  });
}

/** Put one file below `target`, under a name that is free there. */
export async function put(
  folder: FileSystemDirectoryHandle,
  wanted: string,
  data: Blob,
): Promise<FileSystemFileHandle> {
  const file = await folder.getFileHandle(await free(folder, wanted), { create: true });
  const stream = await file.createWritable();
  await data.stream().pipeTo(stream); // closes it, or aborts it where reading fails
  return file;
}

async function each(
  placed: readonly Placed[],
  signal: AbortSignal,
  done: () => void,
  act: (photo: Placed) => Promise<boolean>,
): Promise<Outcome> {
  let [written, moved] = [0, 0];
  const failures: string[] = [];
  for (const photo of placed) {
    if (signal.aborted) break;
    try {
      if (await act(photo)) moved++;
      written++;
    } catch (error) {
      failures.push(`${photo.item.path}: ${messageOf(error)}`);
    }
    done();
  }
  return { written, moved, failures };
}

async function write(target: FileSystemDirectoryHandle, { item, folder, name }: Placed): Promise<FileSystemFileHandle> {
  const into = await target.getDirectoryHandle(folder, { create: true });
  return put(into, name, item.file);
}

async function free(folder: FileSystemDirectoryHandle, wanted: string): Promise<string> {
  const dot = wanted.lastIndexOf(".");
  const [stem, suffix] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ""];
  for (let name = wanted, i = 2; ; name = `${stem} (${i++})${suffix}`) if (!(await exists(folder, name))) return name;
}

async function exists(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch (error) {
    if ((error as Error).name === "NotFoundError") return false;
    if ((error as Error).name === "TypeMismatchError") return true; // a folder of that name
    throw error;
  }
}
