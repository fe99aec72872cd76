import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pathOf, route } from "../src/sw/route.ts";
import { SHARE_TARGET, type SiteFile, typeOf } from "../src/sw/site.ts";
import { icons } from "../vite/icons.ts";

const SCOPE = "https://host.example/deep/er/";
const listed = ["index.html", "assets/a.js", "bundle/spec.json"].map(
  (path): SiteFile => ({ path, sha256: "0".repeat(64), bytes: 1, precached: true }),
);
const FILES = new Map(listed.map((file) => [file.path, file]));
const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../public/manifest.webmanifest"), "utf8"));

const kind = (path: string, { method = "GET", mode = "cors", isOurs = true } = {}) => {
  const found = route({ url: new URL(path, SCOPE).href, method, mode }, SCOPE, FILES, isOurs);
  return found.kind === "file" ? found.file.path : found.kind;
};

test("listed files are served, with or without a query, and the folder is the page", () => {
  expect(["", "index.html", "?shared", "assets/a.js?v=1#x"].map((path) => kind(path))).toEqual([
    "index.html",
    "index.html",
    "index.html",
    "assets/a.js",
  ]);
  expect(kind("", { mode: "navigate", isOurs: false })).toBe("index.html");
});

test.each([
  ["another origin", "https://elsewhere.example/", "GET"],
  ["the same host outside the scope", "/collect", "GET"],
  ["an unlisted file", "assets/b.js", "GET"],
  ["a listed file, but with a body", "assets/a.js", "POST"],
  ["the share target, but not as a page", SHARE_TARGET, "POST"],
])("our page may not ask for %s", (_, path, method) => {
  expect(kind(path, { method })).toBe("refused");
  expect(kind(path, { method, isOurs: false })).toBe("passed");
});

test("other pages below the scope are left alone", () => {
  expect(kind("blog/", { mode: "navigate" })).toBe("passed");
  expect(kind("verify.html", { mode: "navigate" })).toBe("passed");
  expect(kind("plan.json", { isOurs: false })).toBe("passed");
});

test("the manifest's share target is the one that is served", () => {
  expect(manifest.share_target.action).toBe(SHARE_TARGET);
  expect(kind(SHARE_TARGET, { method: "POST", mode: "navigate" })).toBe("shared");
});

test("a path is taken below the scope only", () => {
  expect(pathOf("https://host.example/deep/er", SCOPE)).toBeUndefined();
  expect(pathOf("https://host.example/deep/other/index.html", SCOPE)).toBeUndefined();
  expect(pathOf("http://host.example/deep/er/", SCOPE)).toBeUndefined();
});

test("types that a plain host may not know", () => {
  expect(["a.wasm", "a.webmanifest", "a.mjs", "noending"].map(typeOf)).toEqual([
    "application/wasm",
    "application/manifest+json",
    "text/javascript; charset=utf-8",
    "application/octet-stream",
  ]);
});

test("every icon of the manifest and the page is drawn, in the size that it is said to have", () => {
  const drawn = icons();
  for (const { src, sizes, type } of manifest.icons) {
    if (type !== "image/png") continue;
    const png = drawn.get(src)!;
    expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, src).toBe(sizes);
    expect(png.length, src).toBeLessThan(10_000);
  }
  const page = readFileSync(join(import.meta.dirname, "../index.html"), "utf8");
  expect(drawn.has(/href="\.\/(icons\/[^"]+)"/.exec(page)![1]!)).toBe(true);
});
