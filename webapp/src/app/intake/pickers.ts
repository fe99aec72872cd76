/** The File System Access API, where the browser has it (Chromium on a computer): TypeScript's library does not know it yet. */

interface PickerWindow {
  showDirectoryPicker?(options: { id: string; mode: "read" | "readwrite" }): Promise<FileSystemDirectoryHandle>;
}

interface Permitting {
  requestPermission?(options: { mode: "readwrite" }): Promise<PermissionState>;
}

/** Whether this browser lets people choose a folder to read from and write to. */
export function canPickFolders(): boolean {
  return typeof (window as PickerWindow).showDirectoryPicker === "function";
}

/** Ask for a folder; undefined where the person changes their mind. */
export async function pickFolder(mode: "read" | "readwrite"): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await (window as PickerWindow).showDirectoryPicker!({ id: mode === "read" ? "photos" : "results", mode });
  } catch (error) {
    if ((error as Error).name === "AbortError") return undefined;
    throw error;
  }
}

/** Ask whether files in a folder may be removed. */
export async function mayChange(folder: FileSystemDirectoryHandle): Promise<boolean> {
  const { requestPermission } = folder as Permitting;
  return !requestPermission || (await requestPermission.call(folder, { mode: "readwrite" })) === "granted";
}
