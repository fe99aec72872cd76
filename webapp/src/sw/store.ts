/**
 * The site's files by content: a key holds the checksum, so what is stored can't be the wrong version, two versions can
 * lie side by side while one waits, and a new one downloads only what has changed.
 */

import { hex } from "../contract/hex.ts";
import { type SiteFile, typeOf } from "./site.ts";

const MODES: readonly RequestCache[] = ["no-cache", "reload"]; // first ask whether the browser's copy is current

export class Store {
  readonly asked: string[] = []; // paths fetched from the network
  readonly #underWay = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  readonly #name: string;
  readonly #scope: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** `headers` go with every answer. Sites on one origin have different scopes, and so different caches. */
  constructor(scope: string, headers: Readonly<Record<string, string>>) {
    this.#name = `safelight ${new URL(scope).pathname}`;
    this.#scope = scope;
    this.#headers = headers;
  }

  /** Have all of `files`, or throw. What is fetched in vain is of no harm: nothing serves it, and `prune` drops it. */
  async keep(files: readonly SiteFile[]): Promise<void> {
    await Promise.all(files.map(async (file) => (await this.#stored(file)) ?? this.#fetchOnce(file)));
  }

  /** The listed bytes: stored, or fetched and stored. Throws where the server has others. */
  async answer(file: SiteFile): Promise<Response> {
    const body = (await this.#stored(file))?.body ?? (await this.#fetchOnce(file));
    const headers = { ...this.#headers, "Content-Type": typeOf(file.path), "Content-Length": `${file.bytes}` };
    return new Response(body, { headers });
  }

  /** Forget every content that is not in `files`. */
  async prune(files: Iterable<SiteFile>): Promise<void> {
    const wanted = new Set(Array.from(files, (file) => this.#key(file)));
    const cache = await caches.open(this.#name);
    const keys = await cache.keys();
    await Promise.all(keys.filter(({ url }) => !wanted.has(url)).map((key) => cache.delete(key)));
  }

  #key({ path, sha256 }: SiteFile): string {
    return new URL(`${path}?sha256=${sha256}`, this.#scope).href; // the path is for people who look into the cache
  }

  async #stored(file: SiteFile): Promise<Response | undefined> {
    return (await caches.open(this.#name)).match(this.#key(file));
  }

  /** Several workers start at once and ask for the same file. */
  #fetchOnce(file: SiteFile): Promise<Uint8Array<ArrayBuffer>> {
    const key = this.#key(file);
    const fetching = this.#underWay.get(key) ?? this.#fetch(file).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, fetching);
    return fetching;
  }

  async #fetch(file: SiteFile): Promise<Uint8Array<ArrayBuffer>> {
    let found = "";
    for (const cache of MODES) {
      this.asked.push(file.path);
      const response = await fetch(new URL(file.path, this.#scope), { cache, credentials: "same-origin" });
      if (!response.ok) throw new Error(`${file.path}: the server answered ${response.status}`);
      const data = new Uint8Array(await response.arrayBuffer());
      found = await sha256(data);
      if (found !== file.sha256) continue; // an old copy, or a site that is being replaced
      await (await caches.open(this.#name)).put(this.#key(file), new Response(data));
      return data;
    }
    throw new Error(
      `${file.path}: sha256 ${found.slice(0, 12)}…, the list says ${file.sha256.slice(0, 12)}…. ` +
        "Is the site being replaced, or does the host rewrite its files?",
    );
  }
}

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
}
