/** From an output [h,w,K] of feature maps to pictures: each channel by itself, from its lowest value to its highest. */

/** The height, width and number of channels of a feature map's output, from its shape in the spec, [N,h,w,K]. */
export function sidesOf(shape: readonly number[]): readonly [h: number, w: number, k: number] {
  const [, h = 0, w = 0, k = 0] = shape;
  return [h, w, k];
}

/** Channel `index` of `count` as opaque grey RGBA, [h*w*4]: black is its lowest value, white its highest; one that is level is black. */
export function greyOf(maps: Float32Array, count: number, index: number): Uint8ClampedArray<ArrayBuffer> {
  const places = maps.length / count;
  let [lowest, highest] = [Infinity, -Infinity];
  for (let at = index; at < maps.length; at += count) {
    lowest = Math.min(lowest, maps[at]!);
    highest = Math.max(highest, maps[at]!);
  }
  const range = highest - lowest || 1;
  const out = new Uint8ClampedArray(places * 4).fill(255);
  for (let place = 0; place < places; place++)
    out.fill((255 * (maps[place * count + index]! - lowest)) / range, place * 4, place * 4 + 3);
  return out;
}
