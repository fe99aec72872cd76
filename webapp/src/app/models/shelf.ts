/**
 * What this site remembers on the device about models, in one IndexedDB database: the bundles that were opened, what was
 * found out about them here, and which is in use. Nothing of a photo; tests look into it.
 *
 * A bundle is put in one transaction, so that it is there whole or not at all.
 */

import type { RuntimeId } from "../../runtimes/index.ts";

const STORES = ["bundles", "files", "findings", "notes"] as const;
type StoreName = (typeof STORES)[number];
const CURRENT = "current"; // the note with the id of the bundle in use

/** A remembered bundle, without its files. */
export interface Kept {
  readonly id: string;
  readonly name: string;
  readonly bytes: number; // of the files that are kept
  readonly text: string; // its spec.json
}

/** What this device, with this version of browser and page, has found out about a bundle. */
export interface Findings {
  readonly version: string;
  readonly proven: readonly RuntimeId[]; // right on every golden photo
  readonly chosen?: RuntimeId; // the fastest of the right ones, or what somebody chose
}

/** Another browser version or another build of the page must find out anew. */
const VERSION = `${globalThis.navigator?.userAgent} ${import.meta.url}`;

export class Shelf {
  #opening: Promise<IDBDatabase> | undefined;

  /** The remembered bundles, by name. */
  async list(): Promise<Kept[]> {
    const all = (await this.#do("bundles", "readonly", ([bundles]) => bundles!.getAll())) as Kept[];
    return all.sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Remember a bundle. Rejects where there is no room. */
  async keep(bundle: Omit<Kept, "bytes">, files: ReadonlyMap<string, Blob>): Promise<void> {
    const buffers = await Promise.all(
      Array.from(files, async ([path, file]) => [path, await file.arrayBuffer()] as const), // WebKit's private windows store no Blobs
    );
    const bytes = buffers.reduce((sum, [, buffer]) => sum + buffer.byteLength, 0);
    await this.#do(["bundles", "files"], "readwrite", ([bundles, stored]) => {
      for (const [path, buffer] of buffers) stored!.put(buffer, [bundle.id, path]);
      return bundles!.put({ ...bundle, bytes });
    });
  }

  /** A bundle's files by their paths. */
  async files(id: string): Promise<Map<string, Blob>> {
    const range = filesOf(id);
    const [keys, values] = await Promise.all([
      this.#do("files", "readonly", ([files]) => files!.getAllKeys(range)) as Promise<[string, string][]>,
      this.#do("files", "readonly", ([files]) => files!.getAll(range)) as Promise<ArrayBuffer[]>,
    ]);
    return new Map(keys.map(([, path], index) => [path, new Blob([values[index]!])]));
  }

  /** Forget a bundle, and what was found out about it. */
  async forget(id: string): Promise<void> {
    await this.#do(["bundles", "files", "findings"], "readwrite", ([bundles, files, findings]) => {
      files!.delete(filesOf(id));
      findings!.delete(id);
      return bundles!.delete(id);
    });
  }

  /** What is known here about a bundle; nothing of it counts after an update of browser or page. */
  async findings(id: string): Promise<Findings> {
    const found = (await this.#do("findings", "readonly", ([all]) => all!.get(id))) as Findings | undefined;
    return found?.version === VERSION ? found : { version: VERSION, proven: [] };
  }

  async note(id: string, change: Partial<Omit<Findings, "version">>): Promise<void> {
    const known = await this.findings(id);
    await this.#do("findings", "readwrite", ([all]) => all!.put({ ...known, ...change }, id));
  }

  /** The id of the bundle in use; undefined is the one beside the page. */
  async current(): Promise<string | undefined> {
    return (await this.#do("notes", "readonly", ([notes]) => notes!.get(CURRENT))) as string | undefined;
  }

  async setCurrent(id: string | undefined): Promise<void> {
    await this.#do("notes", "readwrite", ([notes]) => (id ? notes!.put(id, CURRENT) : notes!.delete(CURRENT)));
  }

  async #do(
    names: StoreName | StoreName[],
    mode: IDBTransactionMode,
    act: (stores: IDBObjectStore[]) => IDBRequest,
  ): Promise<unknown> {
    this.#opening ??= open();
    const transaction = (await this.#opening).transaction(names, mode);
    const request = act([names].flat().map((name) => transaction.objectStore(name)));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("the browser stored nothing"));
    });
  }
}

/** Sites on one origin have different folders, and so different databases, as with the service worker's caches. */
function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(`safelight models ${new URL("./", document.baseURI).pathname}`, 1);
    request.onupgradeneeded = () => {
      for (const name of STORES) request.result.createObjectStore(name, name === "bundles" ? { keyPath: "id" } : {});
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function filesOf(id: string): IDBKeyRange {
  return IDBKeyRange.bound([id], [id, []]); // an array sorts after every string
}
