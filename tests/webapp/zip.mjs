// Writes archives with the page's own writer, in Node: node zip.mjs JOB.json → {} on stdout.
// The job: {webapp, many: {path, count}, large: {path, size}}.

import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const vite = await import(pathToFileURL(createRequire(join(job.webapp, "package.json")).resolve("vite")).href);
const folder = mkdtempSync(join(tmpdir(), "safelight-zip-"));
const entry = join(job.webapp, "src/app/takeaway/zip.ts");
const lib = { entry, formats: ["es"], fileName: () => "zip.mjs" };
await vite.build({ configFile: false, logLevel: "error", build: { lib, outDir: folder, minify: false } });
const { zip, partsOf } = await import(pathToFileURL(join(folder, "zip.mjs")).href);
rmSync(folder, { recursive: true });

const modified = new Date(2026, 4, 6, 7, 8, 10);
const { signal } = new AbortController();

// Names in another script.
const entries = Array.from({ length: job.many.count }, (_, i) => ({ path: `貓/${i}.jpg`, data: new Blob([`${i}`]), modified }));
const archive = await zip(entries, signal);
writeFileSync(job.many.path, Buffer.from(await archive.arrayBuffer()));

/** A file of zeros longer than 32 bits count, which Node's own Blob can't be. */
class Zeros extends Blob {
  #size;
  constructor(size) {
    super();
    this.#size = size;
  }
  get size() {
    return this.#size;
  }
  stream() {
    let left = this.#size;
    const pull = (controller) => {
      const part = new Uint8Array(Math.min(left, 2 ** 20));
      left -= part.length;
      if (part.length > 0) controller.enqueue(part);
      else controller.close();
    };
    return new ReadableStream({ pull });
  }
}

// It, and another file behind it; on the disk it is a hole.
const files = [
  { path: "large.bin", data: new Zeros(job.large.size), modified },
  { path: "small.txt", data: new Blob(["behind it"]), modified },
];
const large = openSync(job.large.path, "w");
let at = 0;
for (const part of await partsOf(files, signal, () => undefined)) {
  if (part instanceof Zeros) at += part.size;
  else at += writeSync(large, part instanceof Blob ? new Uint8Array(await part.arrayBuffer()) : part, 0, undefined, at);
}
console.log("{}");
