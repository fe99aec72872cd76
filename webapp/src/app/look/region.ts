/** Which part of a photo the model is given, by the spec's geometry. */

import { centre, MAX_ASPECT } from "../../contract/resize.ts";
import type { InputSpec } from "../../contract/spec.ts";

/** In fractions of the photo's width and height; `pad` reaches beyond the photo. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export const WHOLE: Region = { left: 0, top: 0, width: 1, height: 1 };

/** The model's square within an upright photo of these sides. The same roundings as `resize`. */
export function regionOf({ geometry, size, resize_to: side }: InputSpec, width: number, height: number): Region {
  if (geometry === "stretch") return WHOLE;
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  if (geometry === "pad") {
    const [across, down] = [width, height].map((each) => Math.max(1, Math.floor((size * each) / long)));
    const [left, top] = [centre(size - across!), centre(size - down!)];
    return { left: -left / across!, top: -top / down!, width: size / across!, height: size / down! };
  }
  const kept = Math.min(long, MAX_ASPECT * short); // of a longer photo the ends are cut off first
  const along = Math.floor((side * kept) / short); // the longer side after scaling
  const off = (centre(long - kept) + (centre(along - size) * kept) / along) / long;
  const part = ((size / along) * kept) / long;
  const [start, share] = [centre(side - size) / side, size / side];
  return width >= height
    ? { left: off, top: start, width: part, height: share }
    : { left: start, top: off, width: share, height: part };
}
