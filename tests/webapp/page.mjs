// What the scenarios share: the built page in the system's Chromium, its photos, and what it asked and complained of.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

/** The scenario's job: {chromium, webapp, url, …}. */
export const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(join(job.webapp, "package.json"))("playwright-core");

/** A browser, with the command line's `args` if there are any. */
export function launch(args = []) {
  return chromium.launch({ executablePath: job.chromium, args: ["--no-sandbox", ...args] });
}

/** Open the page and wait until it has its model's spec, or says why not. `before` is given the page while it is empty. */
export async function open({ args = [], url = job.url, before = () => undefined } = {}) {
  const browser = await launch(args);
  const context = await browser.newContext({
    locale: job.locale ?? "en",
    colorScheme: job.scheme ?? "light",
    viewport: { width: job.width ?? 1280, height: job.height ?? 800 },
    deviceScaleFactor: job.scale ?? 1,
  });
  const page = await context.newPage();
  const [requests, complaints] = [[], []];
  context.on("request", (request) => requests.push(request.url()));
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await before(page);
  await page.goto(url);
  await page.waitForFunction(() => !document.querySelector("#open-about").disabled || !document.querySelector("#problem").hidden);
  /** End the browser, and print the scenario's report. */
  const finish = async (report) => {
    await browser.close();
    console.log(JSON.stringify({ ...report, requests, complaints }));
  };
  return { page, requests, finish };
}

/** A screenshot, where the job has a folder for them. */
export async function picture(page, name, options = {}) {
  if (job.pictures) await page.screenshot({ path: join(job.pictures, `${name}.png`), ...options });
}

/** Drop files on the page, as a person does: real File objects in a DataTransfer. */
export async function drop(page, paths) {
  const files = paths.map((path) => ({ name: basename(path), data: readFileSync(path).toString("base64") }));
  const transfer = await page.evaluateHandle((list) => {
    const data = new DataTransfer();
    for (const { name, data: text } of list)
      data.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
    return data;
  }, files);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

/** Drag files and folders of the disk onto the page: Chromium itself makes the DataTransfer, with the folders' entries. */
export async function dragIn(page, paths) {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) await session.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
  await session.detach();
}

/** Until every photo has its answer or its refusal. */
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector("#progress.is-done") && !document.querySelector("#results").hidden, null, {
    timeout: 120_000,
  });
}

/** Until what has changed is drawn. */
export async function drawn(page) {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** The cells of the grid, in the order in which they are shown. */
export async function cells(page) {
  return page.evaluate(() => {
    const text = (element, selector) => element.querySelector(selector)?.textContent ?? "";
    return [...document.querySelectorAll(".cell")]
      .sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
      .map((cell) => ({
        name: text(cell, ".name"),
        label: cell.dataset.label,
        band: cell.dataset.band,
        wording: text(cell, ".wording"),
        share: text(cell, ".share"),
        place: Number(cell.ariaPosInSet),
        of: Number(cell.ariaSetSize),
        isSelected: cell.ariaSelected === "true",
      }));
  });
}

/** Open a photo and wait for all there is to see of it. */
export async function look(page, name) {
  await page.locator(".cell", { hasText: name }).click();
  await seen(page);
}

/** Until the open photo is there. */
export async function seen(page) {
  await page.waitForSelector("#look .frame:not(.is-loading)");
}
