/** The browser's cameras: asked for, listed, named, and what goes wrong with them as a text of the page. */

import { messageOf, SafelightError } from "../../contract/errors.ts";
import type { Key, Values } from "../i18n/index.ts";

// Pixels: three times what most networks look at, and small enough to be read and resized many times a second.
const WIDTH = 1280;
const HEIGHT = 720;

/** Where a camera looks: at the person ("user"), or away from them. Computers don't say. */
export type Facing = "user" | "environment";

export interface Camera {
  readonly id: string;
  readonly label: string; // the system's name for it
  readonly facing: Facing | undefined;
}

/** Why there is no picture: a text of the page. */
export class NoPicture extends SafelightError {
  override name = "NoPicture";
  readonly key: Key;
  readonly values: Values;

  constructor(key: Key, values: Values = {}, options?: ErrorOptions) {
    super(key, options);
    this.key = key;
    this.values = values;
  }
}

/** Start the camera with this id, else the one that looks away from the person. Throws NoPicture, or the signal's reason. */
export async function start(id: string | undefined, signal: AbortSignal): Promise<MediaStream> {
  const devices = navigator.mediaDevices as MediaDevices | undefined; // not there on plain http
  if (!devices) throw new NoPicture(isSecureContext ? "camera.unsupported" : "camera.insecure");
  const which = id ? { deviceId: { exact: id } } : { facingMode: "environment" };
  try {
    const stream = await devices.getUserMedia({ video: { ...which, width: WIDTH, height: HEIGHT } });
    if (signal.aborted) stop(stream); // closed while the browser still asked the person
    signal.throwIfAborted();
    return stream;
  } catch (error) {
    throw signal.aborted ? error : troubleOf(error);
  }
}

/** Switch the camera off. */
export function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Every camera. Their names and ids are known only while one is on. */
export async function list(): Promise<Camera[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter((device) => device.kind === "videoinput")
    .map((device) => {
      const modes = (device as InputDeviceInfo).getCapabilities?.().facingMode;
      return { id: device.deviceId, label: device.label, facing: facingOf(modes?.[0], device.label) };
    });
}

/** Which camera a stream is of. */
export function cameraOf(stream: MediaStream): Camera {
  const [track] = stream.getVideoTracks();
  const { deviceId = "", facingMode } = track!.getSettings();
  return { id: deviceId, label: track!.label, facing: facingOf(facingMode, track!.label) };
}

/** Where a camera looks, by the browser's word, else by the name that phones give it. */
export function facingOf(mode: string | undefined, label: string): Facing | undefined {
  if (mode === "user" || mode === "environment") return mode;
  if (/\bfront\b/i.test(label)) return "user";
  return /\b(back|rear)\b/i.test(label) ? "environment" : undefined;
}

/** What to do about an error of `getUserMedia`; its names are in the Media Capture and Streams specification, section 10. */
export function troubleOf(error: unknown): NoPicture {
  const keys: Record<string, Key> = {
    NotAllowedError: "camera.refused",
    SecurityError: "camera.refused",
    NotFoundError: "camera.none",
    OverconstrainedError: "camera.none", // it was unplugged since it was listed
    NotReadableError: "camera.busy",
    AbortError: "camera.busy",
  };
  const key = keys[(error as Error).name];
  return key
    ? new NoPicture(key, {}, { cause: error })
    : new NoPicture("camera.failed", { why: messageOf(error) }, { cause: error });
}
