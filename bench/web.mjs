// Drives the browser for web.py, which makes the job: node web.mjs JOB.json. Prints each markdown table as soon as it is measured.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { fetchTransformers, openTransformers, PEER_PAGE } from "./web_transformers.mjs";
import { tasksOf } from "./web_tasks.mjs";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const require = createRequire(join(job.webapp, "package.json"));
const { chromium } = require("playwright-core");

const LONG = 30 * 60_000; // ms that anything may take
const STARTS = 5; // of the warm start
const LIGHTHOUSE = "lighthouse@13.5.0"; // fetched by npx for this table alone: 100 MB that no test needs
const WHEEL = { turns: 60, by: 900, every: 60 }; // px and ms: a screen and more each time
const STEP = 500; // photos between two looks at the memory

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const ms = (value) => value.toFixed(0);
const mb = (bytes) => (bytes / 1e6).toFixed(1);
const say = (line = "") => console.log(line);
const note = (line) => console.error(`${line} (load ${loadavg()[0].toFixed(1)})`);

/** A browser with a profile of its own; notes when the page's thread is blocked. */
async function launch(run, options = {}) {
  const profile = mkdtempSync(join(tmpdir(), "safelight-bench-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: job.chromium,
    args: ["--no-sandbox"],
    locale: "en",
    serviceWorkers: "allow",
    ...options,
  });
  context.setDefaultTimeout(LONG);
  await context.addInitScript(() => {
    window.blocked = [];
    if (PerformanceObserver.supportedEntryTypes.includes("longtask"))
      new PerformanceObserver((list) => window.blocked.push(...list.getEntries().map(({ duration, startTime }) => ({ duration, startTime })))).observe({ type: "longtask" });
  });
  try {
    return await run(context, context.pages()[0] ?? (await context.newPage()));
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

const isReady = () => document.querySelector("#offline-state")?.textContent === "Ready offline";
const isDone = () => document.querySelector("#progress.is-done") && !document.querySelector("#results").hidden;

/** The app, installed, its model loaded and used once. */
async function openApp(page) {
  await page.goto(job.url);
  await page.waitForFunction(isReady);
  await page.setInputFiles("#photos-input", job.photos?.slice(0, 1) ?? join(job.many, "00000.jpg"));
  await page.waitForFunction(isDone);
  await page.click("#clear");
}

/** Seconds of processor time of all processes of the browser so far: what a busy machine does not change. */
async function cpu(context) {
  const session = await context.browser().newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** ms from the choice of photos to the last answer, measured in the page; and how its thread was blocked meanwhile. */
async function runApp(page, input, files) {
  await page.evaluate((selector) => {
    window.blocked = [];
    window.over = new Promise((resolve) => {
      document.querySelector(selector).addEventListener("change", () => { window.begun = performance.now(); }, { capture: true, once: true });
      const progress = document.querySelector("#progress");
      new MutationObserver((_, observer) => {
        if (!window.begun || !progress.matches(".is-done")) return;
        observer.disconnect();
        resolve(performance.now() - window.begun);
        window.begun = undefined;
      }).observe(progress, { attributes: true });
    });
  }, input);
  await page.setInputFiles(input, files);
  return page.evaluate(async () => ({ took: await window.over, blocked: window.blocked }));
}

/** The labels by file name, as the page's table has them. */
async function labelsOf(page) {
  await page.click("#take");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#take-json")]);
  await page.click("#take-close");
  const records = JSON.parse(readFileSync(await download.path(), "utf8"));
  return new Map(records.map(({ photo, label }) => [photo, label]));
}

const PEERS = {
  "TF.js on the page's thread": 'import * as peer from "/peer.mjs"; window.peer = (call, argument) => peer[call](argument);',
  "TF.js in one worker": `
    const worker = new Worker("/peer.mjs", { type: "module" });
    window.peer = (call, argument) => new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ call, argument });
    });`,
};

/** The peer's script, bundled from the same packages as the app's. */
async function buildPeer() {
  const folder = mkdtempSync(join(tmpdir(), "safelight-peer-"));
  const vite = await import(pathToFileURL(require.resolve("vite")).href);
  await vite.build({
    configFile: false,
    logLevel: "error",
    resolve: { alias: { "@tensorflow": join(job.webapp, "node_modules/@tensorflow") } },
    build: { lib: { entry: join(import.meta.dirname, "web_peer.mjs"), formats: ["es"], fileName: () => "peer.mjs" }, outDir: folder },
  });
  const script = readFileSync(join(folder, "peer.mjs"), "utf8");
  rmSync(folder, { recursive: true });
  return script;
}

/** The peer's page, its model loaded and used once; no policy binds it, no service worker is between. */
async function openPeer(context, page, script, main) {
  const wasm = join(job.webapp, "node_modules/@tensorflow/tfjs-backend-wasm/dist");
  await context.route("http://peer.localhost/**", async (route) => {
    const { pathname } = new URL(route.request().url());
    const scripts = { "/peer.mjs": script, "/main.js": main };
    if (pathname === "/") await route.fulfill({ contentType: "text/html", body: PEER_PAGE });
    else if (scripts[pathname]) await route.fulfill({ contentType: "text/javascript", body: scripts[pathname] });
    else if (pathname.endsWith(".wasm")) await route.fulfill({ contentType: "application/wasm", path: join(wasm, basename(pathname)) });
    else if (pathname.startsWith("/bundle/")) await route.fulfill({ body: Buffer.from(await (await fetch(job.url + pathname.slice(1))).arrayBuffer()) });
    else await route.fulfill({ status: 404 });
  });
  const origin = "http://peer.localhost/";
  await page.goto(origin);
  await page.waitForFunction(() => window.peer !== undefined);
  const { size, input, output } = job;
  await page.evaluate((options) => window.peer("load", options), { wasm: origin, model: origin + job.model, size, input, output });
}

async function runPeer(page) {
  await page.evaluate(() => {
    window.blocked = [];
    window.over = new Promise((resolve, reject) => {
      const input = document.querySelector("input");
      const go = async () => {
        const start = performance.now();
        const classes = await window.peer("classify", [...input.files]);
        resolve({ took: performance.now() - start, classes, names: [...input.files].map(({ name }) => name) });
      };
      input.addEventListener("change", () => go().catch(reject), { once: true });
    });
  });
  await page.setInputFiles("input", job.photos);
  return page.evaluate(async () => ({ ...(await window.over), blocked: window.blocked }));
}

/** How each peer's page is opened, by its name. */
async function peers(folder) {
  const script = await buildPeer();
  const found = Object.entries(PEERS).map(([name, main]) => [name, (context, page) => openPeer(context, page, script, main)]);
  try {
    const version = fetchTransformers(folder);
    found.push([`transformers.js ${version}`, (context, page) => openTransformers(context, page, folder, job.transformers, job.labels)]);
  } catch (error) {
    say(`transformers.js could not be fetched: ${error.message}\n`);
  }
  return Object.fromEntries(found);
}

const measures = {
  async throughput() {
    const folder = mkdtempSync(join(tmpdir(), "safelight-peers-"));
    const open = await peers(folder);
    const expected = new Map(job.photos.map((path, i) => [basename(path), job.expected[i]]));
    const rows = { safelight: [], ...Object.fromEntries(Object.keys(open).map((name) => [name, []])) };
    for (let round = 1; round <= job.rounds; round++) {
      rows.safelight.push(
        await launch(async (context, page) => {
          await openApp(page);
          const before = await cpu(context);
          const run = await runApp(page, "#photos-input", job.photos);
          return { ...run, cpu: (await cpu(context)) - before, labels: await labelsOf(page) };
        }),
      );
      note(`round ${round}, safelight: ${ms(rows.safelight.at(-1).took)} ms`);
      for (const [name, openPage] of Object.entries(open)) {
        rows[name].push(
          await launch(async (context, page) => {
            await openPage(context, page);
            const before = await cpu(context);
            const { classes, names, ...run } = await runPeer(page);
            return { ...run, cpu: (await cpu(context)) - before, labels: new Map(names.map((each, i) => [each, job.labels[classes[i]]])) };
          }),
        );
        note(`round ${round}, ${name}: ${ms(rows[name].at(-1).took)} ms`);
      }
    }
    rmSync(folder, { recursive: true });
    const ours = median(rows.safelight.map(({ took }) => took));
    say(`${job.photos.length} mixed photos, 0.5 to 12 megapixels; ${job.rounds} rounds by turns, medians\n`);
    say("| | s | photos/s | time × safelight | processor s | other labels than Python's | page blocked > 50 ms | longest, ms |");
    say("|---|---:|---:|---:|---:|---:|---:|---:|");
    for (const [name, runs] of Object.entries(rows)) {
      const took = median(runs.map((run) => run.took));
      const others = [...expected].filter(([photo, label]) => runs[0].labels.get(photo) !== label).length;
      const blocked = runs.flatMap((run) => run.blocked.map(({ duration }) => duration));
      const times = (blocked.length / runs.length).toFixed(1);
      say(`| ${name} | ${(took / 1000).toFixed(1)} | ${((1000 * job.photos.length) / took).toFixed(1)} | ${(took / ours).toFixed(2)} | ${median(runs.map((run) => run.cpu)).toFixed(1)} | ${others} | ${times} | ${ms(Math.max(0, ...blocked))} |`);
    }
  },

  async start() {
    const photo = job.photos.find((path) => path.includes(" 2.0 MP")) ?? job.photos[0];
    const times = await launch(async (context, page) => {
      await openApp(page);
      await context.setOffline(true);
      const found = [];
      for (let i = 0; i < STARTS; i++) {
        await page.goto("about:blank");
        await page.goto(job.url, { waitUntil: "commit" });
        await page.waitForSelector("#photos-input", { state: "attached" });
        await page.waitForFunction(() => document.querySelector("#language").options.length > 0); // its script runs
        await page.evaluate(() => document.querySelector("#photos-input").addEventListener("change", () => { window.chosen = performance.now(); }, { capture: true }));
        await page.setInputFiles("#photos-input", photo);
        await page.waitForSelector('.cell[data-state="answered"]');
        found.push(await page.evaluate(() => ({ fromOpening: performance.now(), fromChoice: performance.now() - window.chosen })));
      }
      return found;
    });
    say(`Warm start without a network, a photo of 2 megapixels chosen at once; ${STARTS} starts\n`);
    say("| to the first result | median ms | most |\n|---|---:|---:|");
    for (const [key, name] of [["fromOpening", "from opening the page"], ["fromChoice", "from choosing the photo, the model still loading"]]) {
      const all = times.map((each) => each[key]);
      say(`| ${name} | ${ms(median(all))} | ${ms(Math.max(...all))} |`);
    }
  },

  async memory() {
    await launch(async (context, page) => {
      await openApp(page);
      const session = await context.newCDPSession(page);
      await session.send("Performance.enable");
      const browser = await context.browser()?.newBrowserCDPSession();
      const renderers = async () => {
        const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
        return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
      };
      const resident = async () => {
        const sizes = (await renderers()).map((id) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8")));
        return sizes.reduce((sum, found) => sum + 1024 * Number(found?.[1] ?? 0), 0);
      };
      const heap = async () => {
        await session.send("HeapProfiler.collectGarbage");
        const { metrics } = await session.send("Performance.getMetrics");
        return metrics.find(({ name }) => name === "JSHeapUsedSize").value;
      };
      say(`${job.count} small photos from a folder\n`);
      say("| photos | page's heap MB | renderer's memory (RSS) MB | s |\n|---:|---:|---:|---:|");
      const running = runApp(page, "#folder-input", job.many);
      const begun = performance.now();
      for (let count = STEP; count <= job.count; count += STEP) {
        await page.waitForFunction((least) => document.querySelector("#progress").value >= least, count, { polling: 100 });
        say(`| ${count} | ${mb(await heap())} | ${browser ? mb(await resident()) : "unknown"} | ${((performance.now() - begun) / 1000).toFixed(0)} |`);
      }
      const { blocked } = await running;
      const longest = Math.max(0, ...blocked.map(({ duration }) => duration));
      const cancels = [];
      for (let i = 0; i < 5; i++) {
        await page.setInputFiles("#folder-input", job.many);
        await page.waitForFunction(() => document.querySelector('.cell[data-state="working"]') !== null || !document.querySelector("#cancel").hidden);
        await page.waitForTimeout(300);
        cancels.push(
          await page.evaluate(async () => {
            const start = performance.now();
            document.querySelector("#cancel").click();
            while (!document.querySelector("#cancel").hidden) await new Promise(requestAnimationFrame);
            return performance.now() - start;
          }),
        );
      }
      say(`\nThe page's thread was blocked for more than 50 ms ${blocked.length} times, ${ms(longest)} ms at most${blocked.length ? `: ${blocked.map((each) => `${ms(each.duration)} ms at ${(each.startTime / 1000).toFixed(1)} s`).join(", ")}` : ""}.`);
      say(`Cancel answers in ${ms(median(cancels))} ms, the median of ${cancels.length}, ${ms(Math.max(...cancels))} at most.`);
    });
  },

  async blocked() {
    await launch(async (context, page) => {
      const row = async (what, act) => {
        const { count, long, longest, parts } = await tasksOf(context.browser(), act);
        say(`| ${what} | ${count} | ${long.clock} | ${ms(longest.clock)} | ${long.cpu} | ${ms(longest.cpu)} | ${parts.join(", ")} |`);
      };
      const wheel = async (by) => {
        await page.mouse.move(640, 500);
        for (let i = 0; i < WHEEL.turns; i++) {
          await page.mouse.wheel(0, by);
          await page.waitForTimeout(WHEEL.every);
        }
      };
      const rest = () => page.waitForTimeout(500);
      say("Tasks of the page's thread\n");
      say("| while | tasks | > 50 ms by the clock | longest ms | > 50 ms of processor time | longest ms | which consists of |\n|---|---:|---:|---:|---:|---:|---|");
      await row("it opens and loads its model", () => openApp(page));
      await row(`${job.photos.length} mixed photos are classified`, () => runApp(page, "#photos-input", job.photos));
      await page.click("#take");
      await row("they are packed into a ZIP", () => Promise.all([page.waitForEvent("download"), page.click("#take-zip")]));
      await page.click("#take-close");
      await page.click("#clear");
      await row(`a folder of ${job.count} small photos is chosen`, async () => {
        await page.setInputFiles("#folder-input", job.many);
        await rest();
      });
      await page.waitForFunction(() => document.querySelector("#progress").value > 300);
      await row("they are scrolled, and classified meanwhile", () => wheel(WHEEL.by));
      await page.click("#pause");
      await rest();
      await row("they are scrolled back, the work paused", () => wheel(-WHEEL.by));
      await row("they are sorted by class", async () => {
        await page.selectOption("#order", "class");
        await rest();
      });
      await row("one is looked for by name", async () => {
        await page.fill("#find", "0012");
        await rest();
      });
    });
  },

  async weight() {
    const scripts = await launch(async (_, page) => {
      const found = new Set();
      page.on("request", (request) => {
        if (request.resourceType() === "script") found.add(new URL(request.url()).pathname.slice(1));
      });
      await page.goto(job.url);
      const isAllThere = () => performance.getEntriesByType("resource").some(({ name }) => /unzip.*js$/.test(name)); // it comes last
      await page.waitForFunction(isAllThere);
      return [...found];
    });
    const isRuntime = (path) => path.includes(".worker");
    const sizes = await Promise.all(scripts.map(async (path) => [path, gzipSync(Buffer.from(await (await fetch(job.url + path)).arrayBuffer()), { level: 9 }).length]));
    const page = readPage(await (await fetch(job.url)).text());
    say("| script | gzip kB | when |\n|---|---:|---|");
    for (const [path, size] of sizes)
      say(`| ${path} | ${(size / 1000).toFixed(1)} | ${isRuntime(path) ? "runtime" : page.has(path) ? "at once" : "afterwards"} |`);
    const sum = (wanted) => sizes.filter(([path]) => wanted(path)).reduce((total, [, size]) => total + size, 0);
    say(`\nInitial JavaScript without the runtime: ${(sum((path) => page.has(path)) / 1000).toFixed(1)} kB gzip; with what is fetched afterwards ${(sum((path) => !isRuntime(path)) / 1000).toFixed(1)} kB.`);
  },

  async lighthouse() {
    say("| Lighthouse | performance | accessibility | best practices |\n|---|---:|---:|---:|");
    for (const [name, preset] of [["phone", []], ["desktop", ["--preset=desktop"]]]) {
      const flags = ["--output=json", "--quiet", "--no-enable-error-reporting", "--only-categories=performance,accessibility,best-practices"];
      const chrome = `--chrome-flags=--headless=new --no-sandbox --user-data-dir=${mkdtempSync(join(tmpdir(), "safelight-lighthouse-"))}`;
      const environment = { ...process.env, CHROME_PATH: job.chromium };
      const done = spawnSync("npx", ["--yes", LIGHTHOUSE, job.url, ...flags, chrome, ...preset], { env: environment, encoding: "utf8", maxBuffer: 1e9 });
      if (done.status !== 0) {
        say(`| ${name} | not measured: ${done.stderr.trim().split("\n").at(-1)} | | |`);
        continue;
      }
      const { categories, audits } = JSON.parse(done.stdout);
      const score = (key) => ms(100 * categories[key].score);
      say(`| ${name} | ${score("performance")} | ${score("accessibility")} | ${score("best-practices")} |`);
      const refs = Object.values(categories).flatMap(({ auditRefs }) => auditRefs.filter(({ weight }) => weight > 0));
      for (const { id } of refs) if (audits[id].score !== null && audits[id].score < 0.9) note(`${name}: ${id}: ${audits[id].displayValue ?? audits[id].title}`);
    }
  },
};

/** The scripts that a page names, and so waits for. */
function readPage(text) {
  return new Set([...text.matchAll(/(?:src|href)="\.?\/?([^"]+\.js)"/g)].map(([, path]) => path));
}

for (const name of job.measures) {
  await measures[name]();
  say(`\nload now: ${loadavg()[0].toFixed(1)}\n`);
}
