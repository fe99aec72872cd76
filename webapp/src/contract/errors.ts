/**
 * Every error raised on purpose, the browser's part of the tree in `safelight/errors.py`.
 *
 *     SafelightError
 *     ├── PhotoError           one photo can't be read; `reason` is the same code in every port
 *     ├── SpecError            a spec.json breaks the contract
 *     ├── BundleError          a bundle is incomplete or damaged
 *     └── RuntimeUnavailable   a runtime or its backend isn't in this browser
 */

export class SafelightError extends Error {
  override name = "SafelightError";
}

export const REASONS = [
  "not-a-file",
  "unreadable",
  "empty",
  "not-an-image",
  "unsupported",
  "truncated",
  "corrupt",
  "too-large",
] as const;
export type Reason = (typeof REASONS)[number];

export class PhotoError extends SafelightError {
  override name = "PhotoError";
  readonly reason: Reason;

  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export class SpecError extends SafelightError {
  override name = "SpecError";
}

export class BundleError extends SafelightError {
  override name = "BundleError";
}

export class RuntimeUnavailable extends SafelightError {
  override name = "RuntimeUnavailable";
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
