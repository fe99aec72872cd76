/** What `safelight verify` asks of the page (plan.json), and what the page answers. The other side: export/parity/browsers. */

import { at, list, object, type Read, text, whole } from "../contract/strict.ts";

const plan = object({
  bundle: text(), // addresses are relative to the page
  photos: list(object({ name: text(), url: text(), decoded_sha256: text() })), // of Python's upright RGB bytes
  // One runtime executing one file, "tfjs-fp32", on the first so many photos.
  runs: list(object({ id: text(), runtime: text(), file: text(), photos: whole(0, Number.MAX_SAFE_INTEGER) })),
});

export type Plan = Read<typeof plan>;
export type PlannedRun = Plan["runs"][number];

export function parsePlan(json: unknown): Plan {
  return plan(json, at("plan.json"));
}

/** `POST claim`: the first page that asks is the only one that gets the plan, by the cookie in the answer. */
export const CLAIM = "claim";

/** `POST stages/<photo index>`: how the page read a photo. */
export interface StageReport {
  readonly verdict: string; // "ok", or the reason of the refusal
  readonly message: string;
  readonly width: number; // of the upright photo
  readonly height: number;
  readonly decoded_sha256: string; // of the upright RGB bytes, "" where the photo was refused
  readonly decode_ms: number;
  readonly resize_ms: number;
  readonly pixels: string; // base64 of S·S·3 bytes, "" where the photo was refused
}

/** `POST decoded/<photo index>`: a photo's upright RGB bytes, where they are not Python's. Raw, and not of every photo. */
export const DECODED = "decoded";

/** One of a run's inferences, counted from 1. */
export interface Inference {
  readonly photo: number;
  readonly inference: number;
  readonly probabilities: number[];
}

/** `POST runs/<id>`: what a runtime said, by photo index, and what it said when it saw a photo `again`. */
export interface RunReport {
  readonly status: "ok" | "skipped" | "failed";
  readonly reason: string;
  readonly probabilities: Record<string, number[]>;
  readonly again: Inference[]; // the first photo at once, the first few after all others
  readonly load_ms: number;
  readonly first_ms: number;
  readonly median_ms: number; // of all inferences but the first
  readonly maps_of?: number; // the photo whose heat map and feature maps are here, where the bundle has feature maps
  readonly maps?: Record<string, string>; // base64 of float32 [h,w,…], by output
}

/** `POST done`: the device, for the report. */
export interface About {
  readonly user_agent: string;
  readonly processors: number;
  readonly graphics: string; // "" without WebGL
}
