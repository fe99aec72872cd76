// Feature maps on demand: node maps.mjs JOB.json → one JSON report on stdout. The job: {chromium, webapp, url, photos, pictures}.

import { basename } from "node:path";
import { drawn, job, look, open, picture, seen, settled } from "./page.mjs";

/** Notes what the page asks of its workers, and the names of what comes back. */
const listen = () => {
  window.asked = [];
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    const { id, call } = message;
    const entry = { call, answer: [] };
    this.addEventListener("message", ({ data }) => {
      if (data.id === id) entry.answer = Object.keys(data.result ?? {});
    });
    window.asked.push(entry);
    return post.call(this, message, ...rest);
  };
};

/** The maps on show: each layer's words, and each channel's name and grey values. */
const maps = () =>
  [...document.querySelectorAll("#look .maps figure")].map((figure) => ({
    caption: [...figure.querySelector("figcaption").childNodes].map((node) => node.textContent),
    channels: [...figure.querySelectorAll("canvas")].map((canvas) => {
      const { width, height } = canvas;
      const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
      return { name: canvas.ariaLabel, width, height, grey: [...data].filter((_, i) => i % 4 === 0) };
    }),
  }));

const { page, finish } = await open({ before: (empty) => empty.addInitScript(listen) });
/** What was asked since the last time, but for the exam of the model. */
const asked = () => page.evaluate(() => window.asked.splice(0).filter(({ call }) => !["load", "prepare", "run"].includes(call)));
const shown = async () => {
  await page.waitForSelector("#look .maps canvas");
  return { photo: await page.textContent("#look .name"), maps: await page.evaluate(maps) };
};

await page.setInputFiles("#photos-input", job.photos);
await settled(page);
await look(page, basename(job.photos[0]));
const report = { closed: await asked() };
await page.focus("#look-features");
await page.keyboard.press("Enter");
report.first = await shown();
report.opened = await asked();
await page.keyboard.press("ArrowRight");
await seen(page);
report.next = await shown();

for (const [name, width, height] of [
  ["maps desktop", 1280, 800],
  ["maps phone", 390, 844],
]) {
  await page.setViewportSize({ width, height });
  await page.locator("#look .maps").evaluate((section) => section.scrollIntoView());
  await drawn(page);
  await picture(page, name);
}
await page.evaluate(() => {
  const language = document.querySelector("#language");
  language.value = "zh-Hant";
  language.dispatchEvent(new Event("change", { bubbles: true }));
});
await page.waitForFunction(() => document.documentElement.lang === "zh-Hant");
await drawn(page);
report.chinese = await page.evaluate(() => ({
  summary: document.querySelector("#look-features").textContent,
  caption: [...document.querySelector("#look .maps figcaption").childNodes].map((node) => node.textContent),
  channel: document.querySelector("#look .maps canvas").ariaLabel,
}));
await finish(report);
