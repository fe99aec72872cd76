/** The differences between decoders that we know: the golden photos' part of `export/parity/known.py`. */

import type { Key } from "../i18n/index.ts";

interface Known {
  readonly key: Key;
  readonly engines: readonly Engine[];
  readonly bound: number; // largest difference of a value, of 255; a bilinear resize makes no difference larger
  concerns(photo: Uint8Array): boolean;
}

type Engine = "firefox" | "webkit" | "chromium";

const KNOWN: readonly Known[] = [
  { key: "exam.alpha", engines: ["firefox", "webkit"], bound: 2, concerns: (photo) => textAt(photo, 8) === "WEBP" },
  { key: "exam.avif", engines: ["firefox"], bound: 64, concerns: hasHalfChroma },
];

/** The known cause of a difference of at most `off` in a photo's pixels, as a text of the page. */
export function explain(photo: Uint8Array, off: number, userAgent: string): Key | undefined {
  const engine = engineOf(userAgent);
  return KNOWN.find((each) => each.engines.includes(engine) && off <= each.bound && each.concerns(photo))?.key;
}

function engineOf(userAgent: string): Engine {
  if (/\b(iPhone|iPad|iPod)\b/.test(userAgent)) return "webkit";
  if (/\bChrom(e|ium)\//.test(userAgent)) return "chromium";
  return /\bGecko\/.*\bFirefox\//.test(userAgent) ? "firefox" : "webkit";
}

/** AVIF 4:2:0: the third byte of its av1C box has both subsampling bits. */
function hasHalfChroma(photo: Uint8Array): boolean {
  const head = String.fromCharCode(...photo.subarray(0, 4096));
  const record = head.indexOf("av1C");
  return textAt(photo, 4) === "ftyp" && record >= 0 && (head.charCodeAt(record + 6) & 0b1100) === 0b1100;
}

function textAt(data: Uint8Array, at: number): string {
  return String.fromCharCode(...data.subarray(at, at + 4));
}
