// Drives a site that `safelight web` wrote, in Chromium: node offline.mjs JOB.json → one JSON report on stdout.
// The job: {webapp, chromium, scenario, site, next?, url?, photos}. `site` is served by a plain static server without any
// header of ours, two folders below its root; `url` is a server of the caller's instead.

import { cpSync, createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(join(job.webapp, "package.json"))("playwright-core");
const PREFIX = "/deep/er/";
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml" };
const READY = "Ready offline";
const UPDATE = 60_000; // ms, most of it the download on a busy machine

/** A plain host. `folder` may be replaced while it runs; `log` are the requests that reached it. */
async function host(folder) {
  const log = [];
  const state = { folder, log, origin: "", close: () => server.close() || server.closeAllConnections() };
  const server = createServer((request, response) => {
    log.push(`${request.method} ${request.url}`);
    const { pathname } = new URL(request.url, "http://host");
    const path = join(state.folder, pathname.slice(PREFIX.length) || "index.html");
    if (!pathname.startsWith(PREFIX) || request.method !== "GET" || !statSync(path, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
    createReadStream(path).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.origin = `http://127.0.0.1:${server.address().port}`;
  state.url = state.origin + PREFIX;
  return state;
}

/** Another origin, which takes everything; `page` is what it shows. */
async function thief(page = "") {
  const log = [];
  const server = createServer((request, response) => {
    log.push(`${request.method} ${request.url}`);
    response.writeHead(200, { "content-type": "text/html", "access-control-allow-origin": "*" }).end(page);
  });
  server.on("upgrade", (request, socket) => log.push(`WebSocket ${request.url}`) && socket.destroy());
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { log, url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() || server.closeAllConnections() };
}

const profile = mkdtempSync(join(tmpdir(), "safelight-offline-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: job.chromium,
  args: ["--no-sandbox"],
  locale: "en",
  serviceWorkers: job.scenario.startsWith("without") ? "block" : "allow",
});
const page = context.pages()[0] ?? (await context.newPage());
const complaints = [];
page.on("pageerror", (error) => complaints.push(String(error)));

const text = (selector) => page.locator(selector).textContent();
const open = async (url) => {
  await page.goto(url);
  await page.waitForFunction((ready) => document.querySelector("#offline-state").textContent === ready, READY, { timeout: UPDATE });
};
const classify = async (photos) => {
  await page.setInputFiles("#photos-input", photos);
  await page.waitForFunction(
    (total) => document.querySelectorAll('.cell[data-state="answered"]').length === total,
    photos.length,
    { timeout: UPDATE },
  );
  return page.locator(".cell").evaluateAll((cells) => cells.map((cell) => [cell.dataset.label, cell.querySelector(".share").textContent]));
};
/** What is in every cache, and the service workers' version. */
const kept = () =>
  page.evaluate(async () => {
    const keys = [];
    for (const name of await caches.keys()) for (const key of await (await caches.open(name)).keys()) keys.push(key.url);
    return keys;
  });
/** Every way out that the proof page knows, towards `address`, from the page and from a worker of the page's own. */
const escape = async (address) => {
  const folder = readdirSync(join(job.site, "assets"));
  const script = `assets/${folder.find((name) => /^attempts\.worker-.*\.js$/.test(name))}`;
  return page.evaluate(
    async ([to, path]) => {
      const worker = new Worker(path);
      const answer = new Promise((resolve) => worker.addEventListener("message", ({ data }) => resolve(data), { once: true }));
      worker.postMessage(`${to}worker`);
      await fetch(`${to}page`, { mode: "no-cors" }).catch(() => undefined);
      navigator.sendBeacon(`${to}beacon`, "x");
      new Image().src = `${to}image`;
      return (await answer).attempts;
    },
    [address, script],
  );
};

const scenarios = {
  /** Everything once, then with the network off and the server closed. */
  async offline() {
    const server = await host(job.site);
    await open(server.url);
    const before = server.log.length;
    const elsewhere = [];
    context.on("request", (request) => {
      if (!request.url().startsWith(server.origin) && !request.url().startsWith("blob:")) elsewhere.push(request.url());
    });
    const online = await classify(job.photos);
    await page.click("#open-about");
    await page.click("#about button");
    await page.selectOption("#language", "zh-Hant");
    await page.selectOption("#language", "en");
    await page.click("#open-proof");
    await page.click("#proof-try");
    await page.waitForFunction(() => document.querySelector("#proof-body [data-done]"), undefined, { timeout: 20_000 });
    const proof = await page.locator("#proof-body").innerText();
    const outcomes = await page.locator("#proof-body li[data-outcome]").evaluateAll((all) => all.map((each) => each.textContent));
    await page.click("#proof .dialog-head button");
    await page.click("#clear");
    await page.click("#examples");
    await page.waitForFunction(() => !document.querySelector('.cell:not([data-state="answered"])') && document.querySelector(".cell"));
    const examples = await page.locator(".cell").count();
    const requests = server.log.slice(before);
    server.close();
    await context.setOffline(true);
    await page.reload();
    await page.waitForFunction((ready) => document.querySelector("#offline-state").textContent === ready, READY);
    const offline = await classify(job.photos);
    return { first: server.log.slice(0, before), requests, elsewhere, online, offline, outcomes, proof, examples, kept: await kept() };
  },

  /** With the service worker in charge on a plain host. */
  async escape() {
    const [server, other] = [await host(job.site), await thief()];
    await open(server.url);
    const attempts = await escape(other.url);
    const unlisted = await page.evaluate(() => fetch("collect?photo=1", { method: "POST", body: "x" }).then(() => "sent", () => "refused"));
    await page.waitForTimeout(500);
    const posts = server.log.filter((line) => line.includes("collect"));
    for (const each of [server, other]) each.close();
    return { attempts, hits: other.log, unlisted, posts };
  },

  /** Without the service worker: the caller's `url`, or a plain host whose page may have lost its policy. */
  async without() {
    const [server, other] = [await host(job.site), await thief()];
    await page.goto(job.url ?? server.url);
    const attempts = await escape(other.url);
    await page.waitForTimeout(500);
    for (const each of [server, other]) each.close();
    return { attempts, hits: other.log };
  },

  /** Another build and another model are put in place, and then half of one. */
  async update() {
    const server = await host(job.site);
    const knows = () => text("#knows");
    const isOffered = () => page.locator("#update").isVisible();
    await open(server.url);
    const first = { knows: await knows(), offered: await isOffered(), kept: (await kept()).length };
    server.folder = job.next;
    const before = server.log.length;
    await open(server.url);
    await page.locator("#update").waitFor({ timeout: UPDATE });
    const waiting = { knows: await knows(), fetched: server.log.slice(before) };
    const other = await context.newPage();
    await other.goto(server.url);
    await page.click("#update-now");
    await page.waitForFunction(() => document.querySelector("#update-text").dataset.i18n === "updateTabs");
    waiting.withTwoTabs = await knows();
    await other.close();
    await page.click("#update-now");
    await page.waitForFunction((old) => !["", old].includes(document.querySelector("#knows").textContent) && document.querySelector("#update").hidden, first.knows, { timeout: UPDATE });
    const second = { knows: await knows(), offered: await isOffered(), kept: await kept() };

    const half = join(profile, "half");
    const reached = server.log.length;
    cpSync(job.site, half, { recursive: true }); // the first site again, but for one file: as an upload that broke off
    const model = readdirSync(join(half, "bundle/tfjs-fp16")).find((name) => name.endsWith(".bin"));
    writeFileSync(join(half, "bundle/tfjs-fp16", model), "cut");
    server.folder = half;
    await open(server.url);
    const failed = await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      const worker = (await registration.update().catch(() => undefined), registration.installing);
      if (worker) await new Promise((resolve) => worker.addEventListener("statechange", resolve));
      return registration.waiting === null;
    });
    const third = { knows: await knows(), offered: await isOffered(), failed, tried: server.log.slice(reached).filter((line) => line.endsWith(model)).length };
    server.close();
    await open(server.url);
    return { first, waiting, second, third, offline: { knows: await knows(), answers: await classify(job.photos) } };
  },

  /** A POST as the system's share menu sends it. */
  async share() {
    const server = await host(job.site);
    const form = `<form method="post" enctype="multipart/form-data" action="${server.url}share-target"><input type="file" name="photos" multiple></form>`;
    const menu = await thief(form);
    await open(server.url);
    await page.goto(menu.url);
    await page.setInputFiles("input", job.photos);
    await page.evaluate(() => document.querySelector("form").submit());
    await page.waitForFunction((total) => document.querySelectorAll('.cell[data-state="answered"]').length === total, job.photos.length, { timeout: UPDATE });
    const names = await page.locator(".cell .name").allTextContents();
    const address = page.url().slice(server.url.length);
    await page.reload();
    await page.waitForFunction((ready) => document.querySelector("#offline-state").textContent === ready, READY);
    const again = await page.locator(".cell").count();
    for (const each of [server, menu]) each.close();
    return { names, address, again, posts: server.log.filter((line) => line.startsWith("POST")), kept: await kept() };
  },

  /** What Chromium itself says about the manifest, and the icons beside the drawing that they repeat. */
  async manifest() {
    const server = await host(job.site);
    await open(server.url);
    const session = await context.newCDPSession(page);
    const { errors, data } = await session.send("Page.getAppManifest");
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    const icons = await page.evaluate(async () => {
      const pixels = async (path) => {
        const image = Object.assign(new Image(), { src: path });
        await image.decode();
        const canvas = new OffscreenCanvas(192, 192);
        const to = canvas.getContext("2d");
        to.fillStyle = "#fff";
        to.fillRect(0, 0, 192, 192);
        to.drawImage(image, 0, 0, 192, 192);
        return { size: image.naturalWidth, data: to.getImageData(0, 0, 192, 192).data };
      };
      const drawing = await pixels("icon.svg");
      const paths = ["icons/192.png", "icons/512.png", "icons/maskable-512.png", "icons/touch-180.png"];
      return Promise.all(
        paths.map(async (path) => {
          const { size, data } = await pixels(path);
          const difference = data.reduce((sum, value, at) => sum + Math.abs(value - drawing.data[at]), 0) / data.length;
          return { path, size, difference };
        }),
      );
    });
    server.close();
    return { errors, manifest: JSON.parse(data), installability: installabilityErrors, icons };
  },
};

try {
  const report = await scenarios[job.scenario.split(" ")[0]]();
  console.log(JSON.stringify({ ...report, complaints }));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
