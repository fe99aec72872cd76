/** A video's frames through the model: always the newest, never more than one under way, at a steady rate. */

const MOST_RATE = 15; // frames a second: nobody reads faster, and a phone stays cool
const INTERVAL = 1000 / MOST_RATE; // ms
const SLACK = 10; // ms that a frame may come early: a camera's 33 ms are 30 to 36

/** What to do with the frames, until `signal` is aborted or something goes wrong. */
export interface Follow<Result> {
  readonly classify: (frame: ImageBitmap, signal: AbortSignal) => Promise<Result>;
  readonly onResult: (result: Result) => void;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/**
 * Classify frames from now on. A frame is the camera's picture at its own size, upright: what CSS does to the element,
 * such as mirroring it, does not reach it.
 */
export function follow<Result>(video: HTMLVideoElement, { classify, onResult, onError, signal }: Follow<Result>): void {
  const isDue = pacemaker();
  const ask = () => whenShown(video, (now) => void step(now));
  const step = async (now: number) => {
    if (signal.aborted) return;
    if (isDue(now)) {
      try {
        const frame = await createImageBitmap(video);
        if (signal.aborted) {
          frame.close(); // the camera was let go of while its last picture was taken
          return;
        }
        const result = await classify(frame, signal);
        if (!signal.aborted) onResult(result);
      } catch (error) {
        if (!signal.aborted) onError(error);
        return;
      }
    }
    ask();
  };
  ask();
}

/** Says of each frame, by its time in ms, whether to classify it: at even distances, and at once where that is late already. */
export function pacemaker(): (now: number) => boolean {
  let due = -Infinity;
  return (now) => {
    if (now < due - SLACK) return false;
    due = INTERVAL + (now - due < INTERVAL ? due : now); // what was missed is not made up for
    return true;
  };
}

/** Call back with the next frame that is shown; where the browser can't tell, with the next drawing of the page. */
function whenShown(video: HTMLVideoElement, callback: (now: number) => void): void {
  if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(callback);
  else requestAnimationFrame(callback);
}
