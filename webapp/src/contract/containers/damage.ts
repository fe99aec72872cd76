/** What is said of a photo that ends early or is damaged. */

import { PhotoError } from "../errors.ts";

export function truncated(where: string): PhotoError {
  return new PhotoError("truncated", `The photo ends early, ${where}. Copy it again from where it came.`);
}

export function corrupt(what: string, cause?: unknown): PhotoError {
  return new PhotoError("corrupt", `The photo is damaged: ${what}. Export it again from its source.`, { cause });
}
