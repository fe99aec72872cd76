/** How fast photos are done, and how long the rest will take. */

import { numberFormat } from "../formats.ts";

const REMEMBERED = 40; // photos: long enough to be steady, short enough to follow a change of sizes

export class Pace {
  readonly #times: number[] = []; // ms, of the last photos done
  #pausedAt: number | undefined;

  /** A photo was done at `now`, in milliseconds. */
  tick(now: number): void {
    this.#times.push(now);
    if (this.#times.length > REMEMBERED) this.#times.shift();
  }

  pause(now: number): void {
    this.#pausedAt ??= now;
  }

  /** Time spent in a pause does not count. */
  resume(now: number): void {
    const lost = now - (this.#pausedAt ?? now);
    this.#pausedAt = undefined;
    for (let i = 0; i < this.#times.length; i++) this.#times[i]! += lost;
  }

  /** Photos a second, once three are done. */
  get rate(): number | undefined {
    const [first, last] = [this.#times[0], this.#times.at(-1)];
    if (this.#times.length < 3 || last! <= first!) return undefined;
    return ((this.#times.length - 1) / (last! - first!)) * 1000;
  }

  /** Seconds for `count` more photos. */
  secondsFor(count: number): number | undefined {
    const rate = this.rate;
    return rate && count / rate;
  }
}

/** "3 min", "40 sec": rounded up, so that it does not promise too much; in steps that don't flicker. */
export function durationText(seconds: number, language: string): string {
  const [value, unit] =
    seconds > 5400
      ? ([Math.ceil(seconds / 3600), "hour"] as const)
      : seconds > 90
        ? ([Math.ceil(seconds / 60), "minute"] as const)
        : ([Math.max(5, Math.ceil(seconds / 5) * 5), "second"] as const);
  return numberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value);
}
