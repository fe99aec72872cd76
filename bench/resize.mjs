// The resize of a 12-megapixel photo to 224 in a Chromium worker, against canvas drawImage in the same run, as a markdown table.
// node bench/resize.mjs [CHROMIUM]   (npm ci in webapp/ first)

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const WEBAPP = join(import.meta.dirname, "../webapp");
const require = createRequire(join(WEBAPP, "package.json"));
const { chromium } = require("playwright-core");

/** Runs in the worker. Every way takes pixels that are decoded already and ends with the model's pixels in an array. */
async function measure({ resize, plain }) {
  const [width, height, rounds] = [4000, 3000, 15];
  const spec = { size: 224, resize_to: 256, geometry: "crop", filter: "bilinear", pad_color: [0, 0, 0] };
  const data = new Uint8ClampedArray(width * height * 4);
  let seed = 1;
  for (let i = 0; i < data.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    data[i] = i % 4 === 3 ? 255 : 128 + 60 * Math.sin(i / 9001) + (seed >>> 26);
  }
  const upright = { data, width, height, origin: 0, stepX: 4, stepY: 4 * width };
  const turned = { data, width: height, height: width, origin: 4 * width * (height - 1), stepX: -4 * width, stepY: 4 }; // EXIF 6
  const bitmap = await createImageBitmap(new ImageData(data, width, height));
  const canvas = (quality, cpu) => () => {
    const context = new OffscreenCanvas(341, 256).getContext("2d", { willReadFrequently: cpu });
    context.imageSmoothingQuality = quality;
    context.drawImage(bitmap, 0, 0, 341, 256);
    const rgba = context.getImageData(58, 16, 224, 224).data;
    return rgba.filter((_, i) => i % 4 !== 3);
  };
  const exact = { upright: resize(upright, spec, plain), turned: resize(turned, spec, plain) };
  const ways = [
    ["drawImage, high quality", canvas("high", true), exact.upright],
    ["drawImage, default quality", canvas("low", true), exact.upright],
    ["safelight, vectors", () => resize(upright, spec), exact.upright],
    ["safelight, vectors, turned by EXIF", () => resize(turned, spec), exact.turned],
    ["safelight, plain loops", () => resize(upright, spec, plain), exact.upright],
    ["safelight, plain loops, turned by EXIF", () => resize(turned, spec, plain), exact.turned],
  ].map(([name, run, expected]) => ({ name, run, expected, times: [], off: 0 }));
  for (let round = 0; round < rounds; round++)
    for (const way of ways) {
      const start = performance.now();
      const found = way.run();
      way.times.push(performance.now() - start);
      way.off = found.reduce((most, value, i) => Math.max(most, Math.abs(value - way.expected[i])), way.off);
    }
  return ways.map(({ name, times, off }) => {
    const sorted = times.toSorted((a, b) => a - b);
    return { name, off, first: times[0], least: sorted[0], median: sorted[rounds >> 1] };
  });
}

const folder = mkdtempSync(join(tmpdir(), "safelight-bench-"));
const vite = await import(pathToFileURL(require.resolve("vite")).href);
await vite.build({
  configFile: false,
  logLevel: "error",
  build: {
    lib: { entry: join(WEBAPP, "src/contract/resize.ts"), formats: ["es"], fileName: () => "resize.mjs" },
    outDir: folder,
  },
});
const files = {
  "/": ["text/html", "<!doctype html><title>resize</title>"],
  "/resize.mjs": ["text/javascript", readFileSync(join(folder, "resize.mjs"), "utf8")],
  "/worker.mjs": [
    "text/javascript",
    `import * as port from "./resize.mjs"; ${measure}; measure(port).then((rows) => postMessage(rows));`,
  ],
};
rmSync(folder, { recursive: true });

const browser = await chromium.launch({ executablePath: process.argv[2] ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const context = await browser.newContext();
await context.route("**/*", (route) => {
  const file = files[new URL(route.request().url()).pathname];
  return file ? route.fulfill({ contentType: file[0], body: file[1] }) : route.fulfill({ status: 404 });
});
const page = await context.newPage();
await page.goto("http://localhost/");
const rows = await page.evaluate(
  () =>
    new Promise((resolve, reject) => {
      const worker = new Worker("worker.mjs", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    }),
);
const version = browser.version();
await browser.close();

const ms = (time) => time.toFixed(1);
console.log(`12 megapixels → 224, Chromium ${version}, in a worker\n`);
console.log("| way | median ms | least | first | × drawImage, high | most off, of 255 |\n|---|---:|---:|---:|---:|---:|");
for (const { name, median, least, first, off } of rows)
  console.log(`| ${name} | ${ms(median)} | ${ms(least)} | ${ms(first)} | ${(median / rows[0].median).toFixed(2)} | ${off} |`);
