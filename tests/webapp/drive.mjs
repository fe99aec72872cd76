// The way of a visitor: choose a runtime, drop photos, look at each: node drive.mjs JOB.json → one JSON report on stdout.
// The job: {chromium, webapp, url, photos, drop, runtime, locale, scheme, width, height, pictures}.

import { cells, drop, job, look, open, picture, settled } from "./page.mjs";

const { page, finish } = await open();
await picture(page, "empty");
if (job.runtime) {
  await page.click("#open-about");
  await page.click(`#about input[value="${job.runtime}"]`);
  await page.waitForTimeout(job.pictures ? 300 : 0); // the picture after the dialog's text has been laid out
  await picture(page, "about");
  await page.click("#about button");
}

if (job.drop) await drop(page, job.photos);
else if (job.photos.length > 0) await page.setInputFiles("#photos-input", job.photos);
if (job.photos.length > 0) await settled(page);
if (job.pictures) {
  await page.waitForFunction(() => [...document.querySelectorAll(".cell")].every((cell) => cell.matches(".has-picture")));
  await page.waitForTimeout(1000); // animations
}
await picture(page, "results");
await picture(page, "whole", { fullPage: true });

const answers = job.photos.length > 0 ? await cells(page) : [];
for (const answer of answers) {
  await look(page, answer.name);
  answer.title = await page.textContent("#look-title");
  answer.shares = await page.locator("#look .probability .share").allTextContents();
  if (answer === answers[0]) await picture(page, "look");
  await page.keyboard.press("Escape");
}
const report = await page.evaluate(async () => {
  const text = (element, selector) => element.querySelector(selector)?.textContent ?? "";
  const files = [];
  for await (const name of (await navigator.storage.getDirectory()).keys()) files.push(name);
  return {
    lang: document.documentElement.lang,
    problem: document.querySelector("#problem").textContent,
    status: document.querySelector("#status").textContent,
    refused: [...document.querySelectorAll("#refused-list li")].map((item) => ({
      name: text(item, ".name"),
      why: text(item, ".muted"),
    })),
    stored: [...files, ...(await indexedDB.databases()).map(({ name }) => name), ...Object.keys(localStorage)], // of the visit, on the disk
  };
});
await page.evaluate(() => document.querySelector("#clear").click());
await page.waitForFunction(() => document.querySelector("#results").hidden);
const left = await page.locator(".cell").count();
await finish({ ...report, cells: answers, left });
