// Drives the built page in the system's Chromium: node drive.mjs JOB.json → one JSON report on stdout.
// The job: {chromium, webapp, url, photos, drop, runtime, locale, scheme, width, height, pictures}.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(join(job.webapp, "package.json"))("playwright-core");

const browser = await chromium.launch({ executablePath: job.chromium, args: ["--no-sandbox"] });
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

const picture = async (name) => {
  if (job.pictures) await page.screenshot({ path: join(job.pictures, `${name}.png`) });
};

await page.goto(job.url);
await page.waitForFunction(() => !document.querySelector("#open-about").disabled || !document.querySelector("#problem").hidden);
await picture("empty");
if (job.runtime) {
  await page.click("#open-about");
  await page.click(`#about input[value="${job.runtime}"]`);
  await page.waitForTimeout(job.pictures ? 300 : 0); // the picture after the dialog's text has been laid out
  await picture("about");
  await page.click("#about button");
}

if (job.drop) await drop(job.photos);
else if (job.photos.length > 0) await page.setInputFiles("#photos-input", job.photos);
if (job.photos.length > 0)
  await page.waitForFunction((total) => {
    const cards = document.querySelectorAll(".card").length + document.querySelectorAll("#refused-list li").length;
    const busy = document.querySelectorAll(".card.is-waiting").length;
    return cards === total && busy === 0;
  }, job.photos.length, { timeout: 120_000 });
await page.waitForTimeout(job.pictures ? 1500 : 0); // animations
await picture("results");
if (job.pictures) await page.screenshot({ path: join(job.pictures, "whole.png"), fullPage: true });

const report = await page.evaluate(() => {
  const text = (element, selector) => element.querySelector(selector)?.textContent ?? "";
  return {
    title: document.title,
    lang: document.documentElement.lang,
    problem: document.querySelector("#problem").textContent,
    status: document.querySelector("#status").textContent,
    cards: [...document.querySelectorAll(".card")].map((card) => ({
      name: text(card, ".name"),
      label: card.dataset.label,
      band: card.dataset.band,
      wording: text(card, ".wording"),
      shares: [...card.querySelectorAll(".share")].map((share) => share.textContent),
      time: text(card, ".time"),
    })),
    refused: [...document.querySelectorAll("#refused-list li")].map((item) => ({
      name: text(item, ".name"),
      why: text(item, ".muted"),
    })),
  };
});
await page.evaluate(() => document.querySelector("#clear").click());
const left = await page.locator(".card").count();
await browser.close();
console.log(JSON.stringify({ ...report, left, requests, complaints }));

/** Drop files on the page, as a person does: real File objects in a DataTransfer. */
async function drop(paths) {
  const files = paths.map((path) => ({ name: basename(path), data: readFileSync(path).toString("base64") }));
  const transfer = await page.evaluateHandle((list) => {
    const data = new DataTransfer();
    for (const { name, data: text } of list)
      data.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
    return data;
  }, files);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}
