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
const { zip, local, central, end } = await import(pathToFileURL(join(folder, "zip.mjs")).href);
rmSync(folder, { recursive: true });

// More files than 16 bits count.
const modified = new Date(2026, 4, 6, 7, 8, 10);
const entries = Array.from({ length: job.many.count }, (_, i) => ({ path: `貓/${i}.jpg`, data: new Blob([`${i}`]), modified }));
const archive = await zip(entries, new AbortController().signal);
writeFileSync(job.many.path, Buffer.from(await archive.arrayBuffer()));

// A file longer than 32 bits count, and another behind it; the first one's bytes are a hole, so its checksum is not asked for.
const large = { path: Buffer.from("large.bin"), size: job.large.size, crc: 0, modified, at: 0 };
const text = Buffer.from("behind it");
const second = local({ path: Buffer.from("small.txt"), size: text.length, crc: job.large.crc, modified, at: 0 });
const at = local(large).length + large.size;
const small = { path: Buffer.from("small.txt"), size: text.length, crc: job.large.crc, modified, at };
const directory = [central(large), central(small)];
const start = at + second.length + text.length;
const file = openSync(job.large.path, "w");
writeSync(file, local(large), 0, undefined, 0);
const tail = Buffer.concat([second, text, ...directory, end(2, directory[0].length + directory[1].length, start)]);
writeSync(file, tail, 0, undefined, at);
console.log("{}");
