/**
 * The page's side of the service worker: registers it, says when the site works offline, offers a new version, takes
 * photos from the share menu, offers to install. Asks the network for nothing by itself.
 */

import { type Order, SHARED, type Status } from "../../sw/site.ts";
import type { Key } from "../i18n/index.ts";

/** What the page lends: `write` puts texts into its elements with data-i18n, `add` takes photos. */
export interface OfflineOptions {
  write(): void;
  add(files: readonly File[]): void;
}

const PATIENCE = 10_000; // ms

const find = <E extends HTMLElement>(id: string): E => document.querySelector<E>(`#${id}`)!;

/**
 * Resolves when workers that are started from now on are answered, and bound by the policy, by the service worker, or
 * when it is clear that there is none. The first time that is when the site is stored: the model is downloaded once.
 */
export async function startOffline(options: OfflineOptions): Promise<void> {
  offerInstalling();
  const say = (key: Key) => {
    find("offline-state").dataset.i18n = key;
    options.write();
  };
  try {
    if (!("serviceWorker" in navigator)) throw new Error("neither https nor this machine, or a private window");
    const registering = navigator.serviceWorker.register("./sw.js", { updateViaCache: "none" });
    const registration = await Promise.race([registering, late()]);
    offerUpdates(registration, options.write);
    if (!navigator.serviceWorker.controller) await controlled(registration);
    const status = await ask<Status>("status");
    if (status?.version) say("offlineReady");
    if (new URLSearchParams(location.search).has(SHARED)) await takeShared(options.add);
  } catch (error) {
    console.debug("No service worker:", error); // the page works as well without one, online
    say("offlineNone");
  }
}

/** Rejects when a browser has not answered a registration: the page must start all the same. */
function late(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("no answer to the registration")), PATIENCE));
}

/** Ask the service worker in charge, or `worker`; undefined where there is none. */
export async function ask<T>(
  order: Order,
  worker = navigator.serviceWorker?.controller ?? undefined,
): Promise<T | undefined> {
  if (!worker) return undefined;
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<T>((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<T>) => resolve(data);
  });
  worker.postMessage(order, [port2]);
  return answer;
}

/** Until the service worker is in charge of this page. Rejects where it can't be installed. */
async function controlled(registration: ServiceWorkerRegistration): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  navigator.serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
  const worker = registration.installing ?? registration.waiting;
  worker?.addEventListener("statechange", () => {
    if (worker.state === "redundant")
      reject(new Error("the site could not be stored: it is incomplete, or there is no room"));
  });
  registration.active?.postMessage("claim" satisfies Order);
  await promise;
}

/** A new version is stored and waits; only the user's click puts it in charge, and the page then starts anew. */
function offerUpdates(registration: ServiceWorkerRegistration, write: () => void): void {
  const offer = () => {
    find("update").hidden = !(registration.waiting && navigator.serviceWorker.controller);
  };
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
  offer();
  let wasControlled = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (wasControlled) location.reload();
    wasControlled = true;
  });
  find("update-now").addEventListener("click", async () => {
    const tabs = registration.waiting ? await ask<number>("update", registration.waiting) : 1;
    find("update-text").dataset.i18n = tabs && tabs > 1 ? "updateTabs" : "updateThere";
    write();
  });
  find("update-later").addEventListener("click", () => {
    find("update").hidden = true;
  });
}

async function takeShared(add: OfflineOptions["add"]): Promise<void> {
  history.replaceState(null, "", location.pathname); // a reload must not ask again
  const files = await ask<File[]>("take-shared");
  if (files && files.length > 0) add(files);
}

/** The browser's own "install", behind a button of ours where it offers that. */
function offerInstalling(): void {
  const button = find<HTMLButtonElement>("install");
  let prompt: InstallPrompt | undefined;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    prompt = event as InstallPrompt;
    button.hidden = false;
  });
  addEventListener("appinstalled", () => {
    button.hidden = true;
  });
  button.addEventListener("click", () => void prompt?.prompt());
}

/** Chromium's; in no standard, so TypeScript's library lacks it. */
interface InstallPrompt extends Event {
  prompt(): Promise<void>;
}
