// Runs the TypeScript ports in Node: node ports.mjs JOB.json → one JSON answer on stdout.
// The job: {webapp, contract, specs: [text], pngs: [path], headers: [path], resize: {cases, pixels, vectors, out}}; `contract` is a folder of
// TypeScript sources, so that a test can plant a mistake in a copy.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const vite = await import(pathToFileURL(createRequire(join(job.webapp, "package.json")).resolve("vite")).href);

const port = async (name) => {
  const folder = mkdtempSync(join(tmpdir(), "safelight-port-"));
  try {
    await vite.build({
      configFile: false,
      logLevel: "error",
      root: job.contract,
      build: {
        lib: { entry: join(job.contract, `${name}.ts`), formats: ["es"], fileName: () => `${name}.mjs` },
        outDir: folder,
        minify: false,
        emptyOutDir: false,
      },
    });
    return await import(pathToFileURL(join(folder, `${name}.mjs`)).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** What a call does: "ok", or the name and message of what it throws. */
const verdict = (call) => {
  try {
    call();
    return "ok";
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};

const answer = {};
if (job.specs) {
  const { parse } = await port("spec");
  answer.specs = job.specs.map((text) => verdict(() => parse(text)));
}
if (job.resize) {
  const { resize, plain } = await port("resize");
  const { fastPasses } = await port("kernel"); // where there are no vectors it returns undefined, and the concat fails
  const pixels = readFileSync(job.resize.pixels);
  let at = 0;
  const resized = job.resize.cases.map(({ width, height, spec }) => {
    const data = pixels.subarray(at, (at += width * height * 3));
    return resize({ data, width, height, origin: 0, stepX: 3, stepY: 3 * width }, spec, job.resize.vectors ? fastPasses : plain);
  });
  writeFileSync(job.resize.out, Buffer.concat(resized));
}
if (job.pngs) {
  const { filter } = await port("container");
  const { decodePng } = await port("png");
  const { toRgb } = await port("pixels");
  const sum = async (path) => {
    try {
      const { bytes, damage } = filter(new Uint8Array(readFileSync(path)));
      if (damage) throw damage;
      return createHash("sha256").update(toRgb(await decodePng(bytes))).digest("hex");
    } catch (error) {
      return error.reason ?? String(error.stack);
    }
  };
  answer.pngs = [];
  for (const path of job.pngs) answer.pngs.push(await sum(path));
}
if (job.headers) {
  const { filter } = await port("container");
  answer.headers = job.headers.map((path) => {
    try {
      const { orientation, damage } = filter(new Uint8Array(readFileSync(path)));
      return { orientation, damage: damage?.reason ?? "" };
    } catch (error) {
      return { refused: error.reason ?? String(error.stack) };
    }
  });
}
console.log(JSON.stringify(answer));
