/** Photos from the system's share menu: held in memory until the page takes them, never stored. */

import { SHARED } from "./site.ts";

const PATIENCE = 60_000; // ms that a page has to start up in
const FIELD = "photos"; // in manifest.webmanifest too

let waiting: File[] = [];
let taken: (() => void) | undefined;

/** Read the photos out of the form; `keepAlive` holds the service worker, and so its memory, until they are taken. */
export async function receive(
  request: Request,
  scope: string,
  keepAlive: (until: Promise<void>) => void,
): Promise<Response> {
  const form = await request.formData();
  waiting.push(...form.getAll(FIELD).filter((value) => value instanceof File));
  keepAlive(
    new Promise((resolve) => {
      taken = resolve;
      setTimeout(resolve, PATIENCE);
    }),
  );
  return Response.redirect(new URL(`?${SHARED}`, scope), 303); // and the page is opened by GET
}

/** Hand the photos over, once. */
export function take(): File[] {
  const files = waiting;
  waiting = [];
  taken?.();
  return files;
}
