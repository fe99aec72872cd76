/** A finger drawn across an element. */

const FAR = 50; // pixels

/** Call `turn` with 1 for a swipe to the left, as to the next page, and −1 for one to the right. */
export function onSwipe(element: HTMLElement, turn: (by: 1 | -1) => void): void {
  let start: { x: number; y: number } | undefined;
  element.addEventListener("touchstart", ({ touches }) => {
    const [finger] = touches;
    start = finger && touches.length === 1 ? { x: finger.clientX, y: finger.clientY } : undefined; // two fingers zoom
  });
  element.addEventListener("touchend", ({ changedTouches: [finger] }) => {
    if (!start || !finger) return;
    const [across, down] = [finger.clientX - start.x, finger.clientY - start.y];
    if (Math.abs(across) > FAR && Math.abs(across) > 2 * Math.abs(down)) turn(across < 0 ? 1 : -1);
  });
}
