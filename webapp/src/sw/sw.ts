/**
 * The service worker: the site without a network, and with its policy on every answer. A `<meta>` policy does not bind
 * workers, a plain host sends no headers; this script is what stands in for them.
 *
 * A new version waits until the page's user agrees, so the page and its workers are always of one version.
 */

import headers from "../../headers.json" with { type: "json" };
import { pathOf, route } from "./route.ts";
import { receive, take } from "./shared.ts";
import { type Order, PAGE, type Site, type Status } from "./site.ts";
import { Store } from "./store.ts";

declare const self: ServiceWorkerGlobalScope & { SITE?: Site };

const scope = self.registration.scope;
const site = self.SITE; // a build that `safelight web` has not made a site of has no list
const files = new Map(site?.files.map((file) => [file.path, file]));
const store = new Store(scope, headers);

self.addEventListener("install", (event) => {
  const precached = [...files.values()].filter((file) => file.precached);
  event.waitUntil(store.keep(precached)); // one that fails leaves the version before in charge
});

self.addEventListener("activate", (event) => {
  event.waitUntil(store.prune(files.values()).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  if (site) event.respondWith(answer(event));
});

async function answer(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const found = route(request, scope, files, await isOurs(event.clientId));
  if (found.kind === "file") return store.answer(found.file);
  if (found.kind === "shared") return receive(request, scope, (until) => event.waitUntil(until));
  if (found.kind === "refused") return Response.error();
  return fetch(request);
}

/** Whether a client is our page or one of its workers, and not some other page that happens to lie below our scope. */
async function isOurs(id: string): Promise<boolean> {
  const client = id ? await self.clients.get(id) : undefined;
  const path = client && pathOf(client.url, scope);
  return path !== undefined && files.has(path);
}

/** Replace the version before, if its page is open in one tab only: another would lose its photos, or get files of both. */
async function takeOver(port: MessagePort | undefined): Promise<void> {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const ours = pages.filter(({ url }) => pathOf(url, scope) === PAGE);
  port?.postMessage(ours.length);
  if (ours.length <= 1) await self.skipWaiting();
}

self.addEventListener("message", (event) => {
  const order = event.data as Order;
  const [port] = event.ports;
  if (order === "update") event.waitUntil(takeOver(port));
  if (order === "claim") event.waitUntil(self.clients.claim()); // a forced reload goes past the service worker
  if (order === "take-shared") port?.postMessage(take());
  if (order === "status") {
    const status: Status = { version: site?.version ?? "", files: files.size, asked: store.asked };
    port?.postMessage(status);
  }
});
