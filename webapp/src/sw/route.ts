/** What becomes of a request, before anything is fetched. */

import { PAGE, SHARE_TARGET, type SiteFile } from "./site.ts";

/**
 * `file`: answered with the listed bytes. `shared`: photos from another app. `refused`: nothing of ours asks for it, so
 * it does not leave the device. `passed`: somebody else's, such as another page below our scope.
 */
export type Route =
  | { readonly kind: "file"; readonly file: SiteFile }
  | { readonly kind: "shared" | "refused" | "passed" };

export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly mode: string; // "navigate" for a page
}

/** The path of an address below `scope`, or undefined where it isn't. A query is no part of it, and ours need no escapes. */
export function pathOf(address: string, scope: string): string | undefined {
  const url = new URL(address);
  const bare = url.origin + url.pathname;
  return bare.startsWith(scope) ? bare.slice(scope.length) || PAGE : undefined;
}

/** `isOurs` says that the request comes from our page or from one of its workers. */
export function route(asked: Asked, scope: string, files: ReadonlyMap<string, SiteFile>, isOurs: boolean): Route {
  const path = pathOf(asked.url, scope);
  const file = path === undefined ? undefined : files.get(path);
  if (asked.mode === "navigate" && asked.method === "POST" && path === SHARE_TARGET) return { kind: "shared" };
  if (file && asked.method === "GET") return { kind: "file", file };
  if (asked.mode === "navigate") return { kind: "passed" };
  return { kind: isOurs ? "refused" : "passed" };
}
