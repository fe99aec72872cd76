import { expect, test } from "vitest";
import { isPhotoPath } from "../src/app/intake/files.ts";

test("a folder's photos are known by their suffix; hidden files and folders are passed over", () => {
  const photos = ["a.jpg", "trip/B.JPEG", "c.webp", "d.e.png", "f.avif"];
  const others = ["notes.txt", ".a.jpg", "trip/.thumbs/a.jpg", "jpg", "a.heic", "__MACOSX"];
  expect(photos.filter(isPhotoPath)).toEqual(photos);
  expect(others.filter(isPhotoPath)).toEqual([]);
});
