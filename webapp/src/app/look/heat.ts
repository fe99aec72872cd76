/**
 * From the model's second output to a picture: where in the photo the evidence for a class lies.
 *
 * The output is [h,w,C], the class logits at each place; their mean over the places is the logit of the whole photo. A
 * softmax knows only differences between classes, so what speaks for a class is what it has above the classes' mean.
 */

/** What speaks for class `index` at each place, [h*w]; negative where something else is likelier. */
export function evidenceFor(heatmap: Float32Array, classes: number, index: number): Float32Array {
  const places = heatmap.length / classes;
  const evidence = new Float32Array(places);
  for (let place = 0; place < places; place++) {
    let sum = 0;
    for (let i = place * classes; i < (place + 1) * classes; i++) sum += heatmap[i]!;
    evidence[place] = heatmap[place * classes + index]! - sum / classes;
  }
  return evidence;
}

/** Evidence as 0…1 of `strongest`; 0 where it speaks against the class. */
export function normalised(evidence: Float32Array, strongest: number): Float32Array {
  return evidence.map((value) => (strongest > 0 ? Math.min(1, Math.max(0, value) / strongest) : 0));
}

/** [h,w] → [side,side], bilinear between the middles of the places, level beyond them. */
export function enlarged(values: Float32Array, h: number, w: number, side: number): Float32Array {
  const across = steps(w, side);
  const down = steps(h, side);
  const out = new Float32Array(side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const [top, below, dy] = down[y]!;
      const [left, right, dx] = across[x]!;
      const upper = values[top * w + left]! * (1 - dx) + values[top * w + right]! * dx;
      const lower = values[below * w + left]! * (1 - dx) + values[below * w + right]! * dx;
      out[y * side + x] = upper * (1 - dy) + lower * dy;
    }
  return out;
}

/** For each of `to` new places: the old ones before and after it, and how far it is towards the second. */
function steps(from: number, to: number): [number, number, number][] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const first = Math.floor(at);
    return [first, Math.min(first + 1, from - 1), at - first];
  });
}

// Red as the lamp, through orange, to a pale yellow: its lightness rises with the evidence, also for the colour-blind.
const RAMP = [
  [120, 8, 30],
  [214, 45, 32],
  [250, 140, 40],
  [255, 240, 170],
] as const;

/** 0…1 → RGBA: nothing to see at 0, both more yellow and more opaque above. */
export function coloured(values: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(values.length * 4);
  values.forEach((value, i) => {
    const at = value * (RAMP.length - 1);
    const step = Math.min(Math.floor(at), RAMP.length - 2);
    for (let channel = 0; channel < 3; channel++)
      out[i * 4 + channel] = RAMP[step]![channel]! + (RAMP[step + 1]![channel]! - RAMP[step]![channel]!) * (at - step);
    out[i * 4 + 3] = 255 * Math.min(1, value * 1.25);
  });
  return out;
}
