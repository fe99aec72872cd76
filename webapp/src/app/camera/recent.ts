/** The answers of the last frames: their mean, which flickers less than any one of them, and their rate. */

const AVERAGED = 1000; // ms
const RATED = 3000; // ms

export class Recent {
  readonly #answers: { readonly at: number; readonly probabilities: Float32Array }[] = [];

  /** Add a frame's probabilities [C] at a time in ms. */
  add(at: number, probabilities: Float32Array): void {
    this.#answers.push({ at, probabilities });
    while (this.#answers[0]!.at < at - RATED) this.#answers.shift();
  }

  /** The newest probabilities alone. */
  get last(): Float32Array | undefined {
    return this.#answers.at(-1)?.probabilities;
  }

  /** The mean of the second before the newest frame, that one included, and of how many frames it is. */
  get mean(): { readonly probabilities: Float64Array; readonly count: number } | undefined {
    const last = this.#answers.at(-1);
    if (!last) return undefined;
    const averaged = this.#answers.filter(({ at }) => at > last.at - AVERAGED);
    const sum = new Float64Array(last.probabilities.length);
    for (const { probabilities } of averaged)
      probabilities.forEach((value, i) => {
        sum[i]! += value;
      });
    return { probabilities: sum.map((value) => value / averaged.length), count: averaged.length };
  }

  /** Frames a second; undefined until there are two. */
  get rate(): number | undefined {
    const [first, last] = [this.#answers[0], this.#answers.at(-1)];
    return first && last && last.at > first.at ? ((this.#answers.length - 1) * 1000) / (last.at - first.at) : undefined;
  }
}
