/** Takes a photo: the frame on show as a PNG, so that its answer is that of the very pixels that were seen live. */

/** The `count`-th photo of a visit, stored nowhere. Its name sorts by time. */
export async function shoot(video: HTMLVideoElement, now: Date, count: number): Promise<File> {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("no canvas to keep the photo on");
  context.drawImage(video, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new File([blob], nameOf(now, count), { type: blob.type, lastModified: now.getTime() });
}

/** "camera-20261124-230510-1.png", in the local time of whoever took it. */
export function nameOf(now: Date, count: number): string {
  const date = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()];
  const digits = (numbers: number[]) => numbers.map((number) => `${number}`.padStart(2, "0")).join("");
  return `camera-${digits(date)}-${digits(time)}-${count}.png`;
}
