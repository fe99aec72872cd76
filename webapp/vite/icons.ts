/** The app's icons: `public/icon.svg` again, as the PNG files that installing asks for. A browser test compares the two. */

import { type Color, draw, type Shape } from "./png.ts";

const LAMP: Color = [0xc8, 0x32, 0x2b];
const FOOT: Color = [0x8c, 0x1f, 0x1a];
const PAPER: Color = [0xfa, 0xf8, 0xf6];

/** A line with round ends, level or upright. */
const line = (color: Color, [x1, y1, x2, y2]: readonly [number, number, number, number], width: number): Shape => ({
  color,
  covers: (x, y) => Math.hypot(x - Math.min(Math.max(x, x1), x2), y - Math.min(Math.max(y, y1), y2)) <= width / 2,
});

const ICON: readonly Shape[] = [
  { color: LAMP, covers: (x, y) => y <= 25 && Math.hypot(x - 16, y - 25) <= 10 },
  line(LAMP, [16, 3, 16, 9], 2.5),
  { color: LAMP, covers: (x, y) => x >= 12 && x <= 20 && y >= 9 && y <= 13 },
  line(FOOT, [5.75, 26.75, 26.25, 26.75], 3.5),
];
const ON_PAPER: readonly Shape[] = [{ color: PAPER, covers: () => true }, ...ICON];

const WHOLE = [0, 0, 32] as const;
const SAFE = [-12, -12, 56] as const; // a maskable icon may lose everything outside the middle circle of 80 %

/** Path → PNG. The names stand in `public/manifest.webmanifest` and `index.html`. */
export function icons(): Map<string, Buffer> {
  return new Map([
    ["icons/192.png", draw(ICON, 192, WHOLE)],
    ["icons/512.png", draw(ICON, 512, WHOLE)],
    ["icons/maskable-512.png", draw(ON_PAPER, 512, SAFE)],
    ["icons/touch-180.png", draw(ON_PAPER, 180, [-6, -6, 44])],
  ]);
}
