import { expect, test } from "vitest";
import { filter } from "../src/contract/container.ts";
import { crc32 } from "../src/contract/crc.ts";
import { PhotoError } from "../src/contract/errors.ts";

const text = (ascii: string) => Array.from(ascii, (letter) => letter.charCodeAt(0));
const big = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, i) => (value >>> (8 * (bytes - 1 - i))) & 255);
const little = (value: number, bytes: number) => big(value, bytes).reverse();
const bytes = (...parts: number[][]) => Uint8Array.from(parts.flat());

/** A TIFF block whose only entry is the orientation. */
const tiff = (orientation: number) => [
  ...text("MM\0*"),
  ...big(8, 4),
  ...big(1, 2),
  ...big(0x112, 2),
  ...big(3, 2),
  ...big(1, 4),
  ...big(orientation, 2),
  0,
  0,
];

const segment = (marker: number, ...body: number[]) => [0xff, marker, ...big(body.length + 2, 2), ...body];
const frame = segment(0xc0, 8, ...big(480, 2), ...big(640, 2), 3);
const scan = [...segment(0xda, 1, 2, 3), 9, 0xff, 0, 9, 0xff, 0xd0, 9];
const end = [0xff, 0xd9];
const jfif = segment(0xe0, ...text("JFIF\0"));
const adobe = segment(0xee, ...text("Adobe"));

test("JPEG: profile, EXIF, XMP and comments go, what colours need stays, orientation is read", () => {
  const extras = [
    segment(0xe1, ...text("Exif\0\0"), ...tiff(6)),
    segment(0xe2, ...text("ICC_PROFILE")),
    segment(0xfe, ...text("hi")),
  ];
  const found = filter(bytes([0xff, 0xd8], jfif, ...extras, adobe, frame, scan, end, text("trailer")));
  expect(found).toMatchObject({ kind: "JPEG", width: 640, height: 480, orientation: 6 });
  expect(found.bytes).toEqual(bytes([0xff, 0xd8], jfif, adobe, frame, scan, end, text("trailer")));
});

const chunk = (type: string, ...body: number[]) => {
  const summed = [...text(type), ...body];
  return [...big(body.length, 4), ...summed, ...big(crc32(Uint8Array.from(summed)), 4)];
};
const signature = [0x89, ...text("PNG\r\n\x1a\n")];
const IEND = [...big(0, 4), ...text("IEND"), 0xae, 0x42, 0x60, 0x82];
const header = chunk("IHDR", ...big(30, 4), ...big(20, 4), 8, 6, 0, 0, 0);

test("PNG: gamma, profile and EXIF go, palette and transparency stay, orientation is read even after the pixels", () => {
  const [kept, dropped] = [
    [chunk("PLTE", 1, 2, 3), chunk("tRNS", 7), chunk("IDAT", 5)],
    [chunk("gAMA", 1), chunk("iCCP", 2)],
  ];
  const found = filter(bytes(signature, header, ...dropped, ...kept, chunk("eXIf", ...tiff(3)), IEND));
  expect(found).toMatchObject({ kind: "PNG", width: 30, height: 20, orientation: 3 });
  expect(found.bytes).toEqual(bytes(signature, header, ...kept, IEND));
});

test("WebP: profile, EXIF and XMP go with their flags, the size is made right, orientation is read", () => {
  const riff = (type: string, ...body: number[]) => [
    ...text(type),
    ...little(body.length, 4),
    ...body,
    ...(body.length % 2 ? [0] : []),
  ];
  const picture = riff("VP8L", 0x2f, 1, 2, 3, 4);
  const webp = (flags: number, ...chunks: number[][]) => {
    const body = [
      ...text("WEBP"),
      ...riff("VP8X", flags, 0, 0, 0, ...little(99, 3), ...little(49, 3)),
      ...chunks.flat(),
    ];
    return bytes(text("RIFF"), little(body.length, 4), body);
  };
  const found = filter(webp(0x3c, riff("ICCP", 1, 2, 3), picture, riff("EXIF", ...tiff(8)), riff("XMP ", 1)));
  expect(found).toMatchObject({ kind: "WEBP", width: 100, height: 50, orientation: 8 });
  expect(found.bytes).toEqual(webp(0x10, picture));
});

test("WebP: a lossy picture with alpha comes without it, too", () => {
  const riff = (type: string, ...body: number[]) => [...text(type), ...little(body.length, 4), ...body];
  const size = [0, 0, 0, ...little(99, 3), ...little(49, 3)];
  const picture = riff("VP8 ", ...big(0, 10));
  const webp = (...parts: number[][]) =>
    bytes(text("RIFF"), little(4 + parts.flat().length, 4), text("WEBP"), ...parts);
  const found = filter(webp(riff("VP8X", 0x10, ...size), riff("ALPH", 1, 2), picture));
  expect(found.opaque).toEqual(webp(riff("VP8X", 0, ...size), picture));
  expect(filter(webp(riff("VP8X", 0, ...size), picture)).opaque).toBeUndefined();
});

test("AVIF: the primary picture's turns are read and taken out, of every picture", () => {
  const box = (type: string, ...body: number[]) => [...big(8 + body.length, 4), ...text(type), ...body];
  const properties = [box("ispe", 0, 0, 0, 0, ...big(40, 4), ...big(30, 4)), box("irot", 3), box("imir", 1)];
  const owners = (...indices: number[]) =>
    box("ipma", ...[0, 0, 0, 0], ...big(2, 4), ...big(7, 2), 3, 1, ...indices, ...big(8, 2), 1, indices[0]!);
  const avif = (...indices: number[]) =>
    bytes(
      box("ftyp", ...text("avif"), 0, 0, 0, 0),
      box(
        "meta",
        0,
        0,
        0,
        0,
        ...box("pitm", 0, 0, 0, 0, ...big(7, 2)),
        ...box("iprp", ...box("ipco", ...properties.flat()), ...owners(...indices)),
      ),
    );
  const found = filter(avif(0x82, 0x83)); // essential
  expect(found).toMatchObject({ kind: "AVIF", width: 40, height: 30, orientation: 5 });
  expect(found.bytes).toEqual(avif(0, 0));
});

test("GIF: one without colours is given greys, and a picture beyond its canvas makes it larger", () => {
  const screen = [...little(2, 2), ...little(1, 2)];
  const picture = [0x2c, ...little(3, 2), 0, 0, ...little(9, 2), ...little(5, 2), 0, 2, 1, 0x44, 0, 0x3b];
  const found = filter(bytes(text("GIF89a"), screen, [0, 0, 0], picture));
  const greys = Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  expect(found).toMatchObject({ width: 12, height: 5 });
  expect(found.bytes).toEqual(bytes(text("GIF89a"), screen, [0x87, 0, 0], greys, picture));
});

test.each<[string, Uint8Array<ArrayBuffer>, string]>([
  ["a lossless JPEG", bytes([0xff, 0xd8], jfif, frame.with(1, 0xc3), scan, end), "unsupported"],
  ["a JPEG of 12 bits", bytes([0xff, 0xd8], jfif, frame.with(4, 12), scan, end), "unsupported"],
  ["nothing", bytes(), "empty"],
  ["a text", bytes(text("Dear diary")), "not-an-image"],
  ["HEIC", bytes(big(24, 4), text("ftypheic"), big(0, 12)), "unsupported"],
  ["TIFF", bytes(text("II*\0"), big(0, 12)), "unsupported"],
  ["a JPEG without its end", bytes([0xff, 0xd8], jfif, frame, scan), "truncated"],
  ["a JPEG's first bytes", bytes([0xff, 0xd8], jfif), "truncated"],
  ["a PNG cut in its pixels", bytes(signature, header, chunk("IDAT", 5, 6, 7, 8).slice(0, 10), big(0, 2)), "truncated"],
  ["a PNG with a wrong sum", bytes(signature, header, chunk("IDAT", 5).with(-1, 0), IEND), "corrupt"],
  ["a PNG without width", bytes(signature, chunk("IHDR", ...big(0, 4), ...big(20, 4), 8, 6, 0, 0, 0), IEND), "corrupt"],
  ["a PNG's first bytes", bytes(signature, header.slice(0, 6)), "corrupt"],
  ["a WebP cut short", bytes(text("RIFF"), little(100, 4), text("WEBPVP8 ")), "corrupt"],
  ["a GIF without a picture", bytes(text("GIF89a"), little(5, 2), little(5, 2), [0, 0, 0, 0x3b]), "corrupt"],
  [
    "a BMP without its rows",
    bytes(
      text("BM"),
      big(0, 8),
      little(54, 4),
      little(40, 4),
      little(9, 4),
      little(9, 4),
      little(1, 2),
      little(24, 2),
      little(0, 24),
    ),
    "truncated",
  ],
])("%s is refused with Python's reason", (_, data, reason) => {
  let error: unknown;
  try {
    error = filter(data).damage;
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(PhotoError);
  expect((error as PhotoError).reason).toBe(reason);
});

test("damage of any kind is a PhotoError, never a crash", () => {
  const whole = bytes([0xff, 0xd8], jfif, segment(0xe1, ...text("Exif\0\0"), ...tiff(6)), frame, scan, end);
  for (let cut = 0; cut < whole.length; cut++)
    for (const flip of [0, 255]) {
      const damaged = whole.slice(0, whole.length - (cut % 7));
      damaged[cut] = flip;
      try {
        filter(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(PhotoError);
      }
    }
});
