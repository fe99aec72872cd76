/** The list that `safelight web` writes as the first line of sw.js: what the site is, to the byte. */

/** One file. */
export interface SiteFile {
  readonly path: string; // below the service worker's scope
  readonly sha256: string;
  readonly bytes: number;
  readonly precached: boolean; // fetched when the site is installed; the others when they are first used
}

/** The site of one moment: another byte in any file is another `version`. */
export interface Site {
  readonly version: string;
  readonly files: readonly SiteFile[];
}

/** What the service worker tells a page. `asked` are the paths that it fetched from the network since it was started. */
export interface Status {
  readonly version: string;
  readonly files: number;
  readonly asked: readonly string[];
}

/** What a page may tell the service worker. A MessagePort comes along where an answer is expected. */
export type Order = "status" | "claim" | "update" | "take-shared";

export const PAGE = "index.html";
export const SHARE_TARGET = "share-target"; // in manifest.webmanifest too
export const SHARED = "shared"; // the query of the page that photos wait for

const TYPES: Record<string, string> = {
  bin: "application/octet-stream",
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  mjs: "text/javascript; charset=utf-8",
  png: "image/png",
  svg: "image/svg+xml",
  wasm: "application/wasm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
};

/** The media type of a path. Ours, not the host's: a plain one may not know .wasm. */
export function typeOf(path: string): string {
  return TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
}
