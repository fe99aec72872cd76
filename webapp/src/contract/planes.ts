/**
 * A JPEG's planes from the browser's ImageDecoder: the decoder's own output, before anybody turned it into RGB.
 *
 * Chromium gives them for JPEGs whose chroma is whole or halved. A small JPEG with known pixels goes through first: what
 * comes out otherwise in some browser is not used there, and the photo takes the way over a canvas.
 */

import { hex } from "./hex.ts";
import { toRgb, uprightPlanes } from "./pixels.ts";
import { Scratch } from "./scratch.ts";
import { sha256 } from "./sha256.ts";
import { hasVectors, type Planes } from "./ycc.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const SMALLEST = 16; // pixels of a side; libjpeg doesn't interpolate the chroma of very small pictures

/** Which chroma is halved: across, down. I440 is none that WebCodecs knows. */
const FORMATS: Record<string, readonly [boolean, boolean]> = {
  I420: [true, true],
  I422: [true, false],
  I444: [false, false],
};

/** JPEG, 24 × 18, 4:2:0: what Pillow wrote at quality 40, and the sum of the RGB that it reads. */
export const PROBE = {
  jpeg: [
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7",
    "gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8",
    "fHx8fHx8fHz/wAARCAASABgDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAQFA//EACEQAAIBAwMFAAAAAAAAAAAAAAAB",
    "AwQRQQIhMTJRYYHh/8QAFwEBAQEBAAAAAAAAAAAAAAAAAwUEBv/EACERAAECBQUBAAAAAAAAAAAAAAADBAECETHwISJBcbHh/9oA",
    "DAMBAAIRAxEAPwDBjpbLjYrjpcNGhHS+Pf0qjpbLjYWdemZp4E2ckEdLhoG1HS4aBlirWP0uputpzh30tvmxXH0N57gBzWOObFWh",
    "JaFZZABLW46LyVj/2Q==",
  ].join(""),
  sha256: "7b22f8822e7fd75fb97ba7585b5e7a8f20e42ebcb6ac00d886e74db7baaf0935",
};

const scratch = new Scratch();

let isRight: Promise<boolean> | undefined;

/** A JPEG's planes, good until the next call; undefined where this browser has none, or none that are right. */
export async function decodePlanes(bytes: Bytes): Promise<Planes | undefined> {
  isRight ??= provesRight();
  return (await isRight) ? planesOf(bytes) : undefined;
}

async function provesRight(): Promise<boolean> {
  if (typeof ImageDecoder === "undefined" || !hasVectors()) return false;
  const planes = await planesOf(Uint8Array.from(atob(PROBE.jpeg), (letter) => letter.charCodeAt(0)));
  if (!planes) return false;
  return hex(sha256(toRgb(uprightPlanes(planes, 1)))) === PROBE.sha256;
}

async function planesOf(data: Bytes): Promise<Planes | undefined> {
  const decoder = new ImageDecoder({ data, type: "image/jpeg", colorSpaceConversion: "none" });
  try {
    const { image } = await decoder.decode();
    try {
      return await copied(image);
    } finally {
      image.close();
    }
  } catch (error) {
    console.debug("No planes:", error); // damaged, or too large for it: the other decoder says
    return undefined;
  } finally {
    decoder.close();
  }
}

async function copied(image: VideoFrame): Promise<Planes | undefined> {
  const { format, colorSpace, displayWidth: width, displayHeight: height } = image;
  const halved = FORMATS[format ?? ""];
  if (!halved || !colorSpace.fullRange || Math.min(width, height) < SMALLEST) return undefined;
  const data = scratch.take(image.allocationSize());
  const [y, cb, cr] = await image.copyTo(data);
  return { data, width, height, y: y!, cb: cb!, cr: cr!, halvedAcross: halved[0], halvedDown: halved[1] };
}
