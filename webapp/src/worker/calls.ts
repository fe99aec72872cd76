/** What a page may ask of a worker. Both sides of the wire take their types from here. */

import type { Limits } from "../contract/decode.ts";
import {
  BundleError,
  messageOf,
  PhotoError,
  type Reason,
  RuntimeUnavailable,
  SafelightError,
  SpecError,
} from "../contract/errors.ts";
import type { InputSpec, Spec } from "../contract/spec.ts";
import type { Source } from "../runtimes/source.ts";

export interface Calls {
  /** Read and open the model file `key` of the bundle. */
  load(job: { source: Source; spec: Spec; key: string }): Promise<{ ms: number }>;
  /**
   * Stages 1 and 2 alone: the model's pixels [S,S,3]. `sha256` is of the upright RGB bytes, which come too where
   * `expected` is given and is another.
   */
  prepare(job: { photo: Blob; input: InputSpec; limits?: Limits; expected?: string }): Promise<Prepared>;
  /** Stage 3 alone, on pixels [S,S,3]. */
  run(job: { pixels: Uint8Array }): Promise<{ probabilities: Float32Array; ms: number }>;
  /** The same for any outputs of the file, by their names. */
  maps(job: { pixels: Uint8Array; outputs: readonly string[] }): Promise<Record<string, Float32Array>>;
  /** The whole of a photo, and its middle as a picture `side` pixels wide. */
  classify(job: { photo: Blob; side: number }): Promise<Classified>;
  /** That picture alone. */
  thumbnail(job: { photo: Blob; side: number }): Promise<{ thumbnail: Blob }>;
  /** A photo, its answer and its heat map: `side` bounds the picture's longer side. */
  look(job: { photo: Blob; side: number }): Promise<Looked>;
  /** A video's frame, which moves to the worker. */
  frame(job: { frame: ImageBitmap }): Promise<Framed>;
}

export interface Prepared {
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly width: number; // of the upright photo
  readonly height: number;
  readonly sha256: string;
  readonly decoded?: Uint8Array<ArrayBuffer>; // RGB, [height, width, 3]
  readonly decodeMs: number;
  readonly resizeMs: number;
}

export interface Classified {
  readonly probabilities: Float32Array; // [C]
  readonly thumbnail: Blob;
  readonly width: number;
  readonly height: number;
  readonly ms: number; // decode, resize and run together
}

export interface Looked {
  readonly probabilities: Float32Array; // [C]
  readonly heatmap?: Float32Array; // [h,w,C], class evidence in logits, where the model has that output
  readonly pixels: Uint8Array<ArrayBuffer>; // what the model was given, RGB [S,S,3]
  readonly preview: Blob; // of the whole upright photo
  readonly width: number; // of the upright photo
  readonly height: number;
}

export interface Framed {
  readonly probabilities: Float32Array; // [C]
  readonly pixels: Uint8Array<ArrayBuffer>; // what the model was given, RGB [S,S,3]
  readonly width: number; // of the frame
  readonly height: number;
  readonly ms: number; // reading the pixels back, resize and run together
}

export type Call = keyof Calls;
export type Job<C extends Call> = Parameters<Calls[C]>[0];
export type Result<C extends Call> = Awaited<ReturnType<Calls[C]>>;

export interface Request<C extends Call = Call> {
  readonly id: number;
  readonly call: C;
  readonly job: Job<C>;
}

export type Reply = { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: Packed };

/** An error on the wire: structured clones lose a class. */
interface Packed {
  readonly name: string;
  readonly message: string;
  readonly reason?: Reason;
}

export function packError(error: unknown): Packed {
  const packed = { name: error instanceof Error ? error.name : "Error", message: messageOf(error) };
  return error instanceof PhotoError ? { ...packed, reason: error.reason } : packed;
}

export function unpackError({ name, message, reason }: Packed): Error {
  if (reason !== undefined) return new PhotoError(reason, message);
  const kind = [SafelightError, SpecError, BundleError, RuntimeUnavailable].find((each) => new each("").name === name);
  return kind ? new kind(message) : Object.assign(new Error(message), { name });
}
