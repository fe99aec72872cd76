import { expect, test } from "vitest";
import { namesOf } from "../src/app/camera/controls.ts";
import { facingOf, troubleOf } from "../src/app/camera/device.ts";
import { pacemaker } from "../src/app/camera/live.ts";
import { Recent } from "../src/app/camera/recent.ts";
import { nameOf } from "../src/app/camera/shoot.ts";
import { translate } from "../src/app/i18n/index.ts";

/** How many frames of a camera are classified, and the largest distance between two. */
function paced(times: number[]): { count: number; gap: number } {
  const isDue = pacemaker();
  const taken = times.filter(isDue);
  return { count: taken.length, gap: Math.max(...taken.slice(1).map((time, i) => time - taken[i]!)) };
}

test("a camera that jitters at 30 frames a second gives 15 at even distances", () => {
  const times = Array.from({ length: 300 }, (_, i) => (i * 1000) / 30 + (i % 3) * 2); // 31 to 37 ms apart
  const { count, gap } = paced(times);
  expect(count).toBe(150);
  expect(gap).toBeLessThan(72);
});

test("a slow model gets the next frame at once, and no burst after a pause", () => {
  expect(paced([0, 200, 400, 600]).count).toBe(4);
  expect(paced([0, 5000, 5010, 5020, 5030, 5040, 5050]).count).toBe(2);
});

test("the mean is of the last second, and says of how many frames", () => {
  const recent = new Recent();
  expect([recent.mean, recent.last, recent.rate]).toEqual([undefined, undefined, undefined]);
  recent.add(0, Float32Array.of(1, 0));
  expect(recent.rate).toBeUndefined();
  for (const at of [600, 1100, 1500]) recent.add(at, Float32Array.of(0.25, 0.75));
  expect(recent.mean).toEqual({ probabilities: Float64Array.of(0.25, 0.75), count: 3 });
  recent.add(1600, Float32Array.of(1, 0)); // the one at 600 is a second old: no longer in it
  expect(recent.mean).toEqual({ probabilities: Float64Array.of(0.5, 0.5), count: 3 });
  expect(recent.last).toEqual(Float32Array.of(1, 0));
  expect(recent.rate).toBeCloseTo(2.5); // five frames in 1.6 s
});

test("a camera looks where the browser says, else where its name says", () => {
  expect(facingOf("environment", "front")).toBe("environment");
  expect(facingOf(undefined, "camera2 0, facing back")).toBe("environment");
  expect(facingOf(undefined, "Facing front:1")).toBe("user");
  expect(facingOf(undefined, "HD Webcam (Backlight)")).toBeUndefined();
});

test("cameras are called by where they look, by their own name where that leaves two alike", () => {
  const names = namesOf(
    [
      { id: "a", label: "wide", facing: "environment" },
      { id: "b", label: "tele", facing: "environment" },
      { id: "c", label: "x", facing: "user" },
      { id: "d", label: "HD Webcam", facing: undefined },
      { id: "e", label: "", facing: undefined },
    ],
    (key, values) => translate("en", key, values),
  );
  expect(names).toEqual(["Back camera (wide)", "Back camera (tele)", "Front camera", "HD Webcam", "Camera 5"]);
});

test("each of the browser's errors has its sentence, and an unknown one says why", () => {
  const keyOf = (name: string) => troubleOf(Object.assign(new Error("no light"), { name })).key;
  const names = ["NotAllowedError", "SecurityError", "NotFoundError", "OverconstrainedError", "NotReadableError"];
  expect(names.map(keyOf)).toEqual(["camera.refused", "camera.refused", "camera.none", "camera.none", "camera.busy"]);
  expect(troubleOf(new Error("no light"))).toMatchObject({ key: "camera.failed", values: { why: "no light" } });
});

test("a photo's name says when it was taken, and sorts by it", () => {
  expect(nameOf(new Date(2026, 10, 4, 9, 5, 1), 3)).toBe("camera-20261104-090501-3.png");
});
