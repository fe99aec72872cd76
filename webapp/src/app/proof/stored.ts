/** What this site has stored on the device, by name, so that anyone can see that no photo is among it. */

export interface Stored {
  readonly files: readonly string[]; // in the Cache API: paths of the site
  readonly databases: readonly string[];
  readonly folder: readonly string[]; // in the private file system
  readonly entries: number; // in local and session storage, and cookies
  readonly bytes: number; // the browser's estimate of all of it; it may round generously
}

/** Ask the browser for everything that it keeps for this origin. */
export async function stored(): Promise<Stored> {
  const [files, databases, folder, estimate] = await Promise.all([
    cached().catch(() => []),
    indexedDB.databases?.().catch(() => []) ?? [],
    names().catch(() => []), // some browsers have no such folder in a private window
    navigator.storage?.estimate(),
  ]);
  const cookies = document.cookie ? document.cookie.split(";").length : 0;
  return {
    files,
    databases: databases.map((each) => each.name ?? "?"),
    folder,
    entries: localStorage.length + sessionStorage.length + cookies,
    bytes: estimate?.usage ?? 0,
  };
}

async function cached(): Promise<string[]> {
  const keys = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
  return keys.flat().map(({ url }) => new URL(url).pathname);
}

async function names(): Promise<string[]> {
  const found: string[] = [];
  for await (const name of (await navigator.storage.getDirectory()).keys()) found.push(name);
  return found;
}
