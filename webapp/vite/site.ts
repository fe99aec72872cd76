/**
 * What the build adds to the two pages: the policy in index.html, the icons, the service worker, compressed copies, and
 * `build.json`, from which `safelight web` learns which file belongs to which runtime.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { build, type Plugin } from "vite";
import headers from "../headers.json" with { type: "json" };
import { icons } from "./icons.ts";
import { licenses } from "./licenses.ts";

const FORMATS: Record<string, string> = { tfjs: "tfjs", litert: "tflite", ort: "onnx" }; // by the start of a worker's name
const WORKER = /^assets\/((tfjs|litert|ort)-[\w-]+)\.worker-[\w-]{8}\.js$/;
// For browsers without (relaxed) SIMD. Fetched where they are needed, never kept from the start.
const FALLBACK = /\/(tfjs-backend-wasm|litert_wasm_compat_internal)-[\w-]{8}\.(js|wasm)$/;
const WRITTEN_HERE = new Set(["sw.js", "build.json"]);

/** A runtime's files; `kept` of them are what a browser of today fetches. */
interface RuntimeFiles {
  readonly format: string;
  readonly files: string[];
  readonly kept: string[];
}

export interface Build {
  readonly headers: Record<string, string>;
  readonly page: string[];
  readonly runtimes: Record<string, RuntimeFiles>;
}

/** The plugin; `root` is the folder of index.html. */
export function site(root: string): Plugin {
  let out = "";
  return {
    name: "safelight-site",
    apply: "build",
    configResolved: (config) => {
      out = config.build.outDir;
    },
    transformIndexHtml: {
      order: "pre",
      handler: (html) => html.replace("%POLICY%", headers["Content-Security-Policy"]),
    },
    async closeBundle() {
      for (const [path, png] of icons()) write(join(out, path), png);
      write(join(out, "licenses.md"), licenses(root));
      await buildServiceWorker(root, out);
      const parts = sortOut(out);
      write(join(out, "build.json"), `${JSON.stringify(parts, null, 1)}\n`);
      const first = ["sw.js", ...parts.page, ...(parts.runtimes["tfjs-wasm"]?.kept ?? [])]; // of the others gzip must do:
      for (const path of first) compress(join(out, path)); // brotli takes 20 s for 10 MB
    },
  };
}

/** One classic script without imports: module service workers are new in Firefox. */
async function buildServiceWorker(root: string, out: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: "warn",
    root,
    publicDir: false,
    build: {
      outDir: out,
      emptyOutDir: false,
      target: "es2022",
      lib: { entry: join(root, "src/sw/sw.ts"), formats: ["iife"], name: "safelight", fileName: () => "sw.js" },
    },
  });
}

/** Which file belongs to the page, and which to a runtime: a worker's script names the files that it loads. */
function sortOut(out: string): Build {
  const paths = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(out.length + 1)
        .replaceAll("\\", "/"),
    )
    .filter((path) => !/(^|\/)verify/.test(path) && !WRITTEN_HERE.has(path))
    .sort();
  const runtimes: Record<string, RuntimeFiles> = {};
  for (const path of paths) {
    const [, name, family] = WORKER.exec(path) ?? [];
    if (!name || !family) continue;
    const script = readFileSync(join(out, path), "utf8");
    const assets = paths.filter((each) => each.startsWith("assets/"));
    const files = assets.filter((each) => each === path || script.includes(each.slice("assets/".length)));
    runtimes[name] = { format: FORMATS[family]!, files, kept: files.filter((each) => !FALLBACK.test(each)) };
  }
  const owned = new Set(Object.values(runtimes).flatMap((runtime) => runtime.files));
  return { headers, page: paths.filter((path) => !owned.has(path)), runtimes };
}

/** A `.br` beside a file, where that is worth a tenth of it. */
function compress(path: string): void {
  if (path.endsWith(".png")) return; // compressed already
  const data = readFileSync(path);
  const small = brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  if (small.length < data.length * 0.9) writeFileSync(`${path}.br`, small);
}

function write(path: string, data: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
}
