/** What went wrong, in the page's language. */

import { RUNTIMES } from "../../runtimes/index.ts";
import type { App } from "../app.ts";
import type { Fallback, Problem } from "./opening.ts";

/** A text of ours, or what a runtime threw, which is English. */
export function said(app: App, why: Problem | string): string {
  return typeof why === "string" ? why : app.t(why.key, why.values);
}

/** Which runtime was given up for which, and why. */
export function saidOf(app: App, { from, to, why }: Fallback): string {
  const values = { from: RUNTIMES[from].title, to: RUNTIMES[to].title, why: sentence(said(app, why)) };
  return app.t("device.fellBack", values);
}

function sentence(text: string): string {
  return /[.。!?！？]$/.test(text) ? text : `${text}.`;
}
