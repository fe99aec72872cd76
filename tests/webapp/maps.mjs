// Feature maps on demand: node maps.mjs JOB.json → one JSON report on stdout. The job: {chromium, webapp, url, photos, runtimes, pictures}.

import { drawn, job, look, open, picture, seen, settled } from "./page.mjs";

/** What the page asked of its workers, and the bytes of what came back. */
const listen = () => {
  window.asked = [];
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    const entry = { call: message.call, id: message.id };
    this.addEventListener("message", ({ data }) => {
      if (data.id === entry.id) entry.answer = Object.keys(data.result ?? {});
    });
    window.asked.push(entry);
    return post.call(this, message, ...rest);
  };
};

/** The maps on show: per layer its words and, per channel, its name and its grey values. */
const maps = () =>
  [...document.querySelectorAll("#look .maps figure")].map((figure) => ({
    caption: figure.querySelector("figcaption").innerText,
    channels: [...figure.querySelectorAll("canvas")].map((canvas) => {
      const { width, height } = canvas;
      const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
      return { name: canvas.ariaLabel, width, height, grey: [...data].filter((_, i) => i % 4 === 0) };
    }),
  }));

const [first, second] = job.photos.map((path) => path.replace(/^.*\//, ""));
const { page, finish } = await open({ before: (empty) => empty.addInitScript(listen) });
const report = { runtimes: {} };
const asked = () => page.evaluate(() => window.asked.splice(0).filter(({ call }) => !["load", "prepare", "run"].includes(call)));
const pictured = () => page.waitForFunction(() => document.querySelectorAll("#look .maps canvas").length > 0);

for (const runtime of job.runtimes) {
  if (runtime !== job.runtimes[0]) {
    await page.evaluate(() => document.querySelector("#clear").click());
    await page.waitForFunction(() => document.querySelector("#results").hidden);
    await page.click("#open-about");
    await page.click(`#about input[value="${runtime}"]`);
    await page.click("#about button");
  }
  await page.setInputFiles("#photos-input", job.photos);
  await settled(page);
  await look(page, first);
  if (runtime === job.runtimes[0]) report.closed = await asked();
  if ((await page.locator("#look .maps").getAttribute("open")) === null) await page.click("#look-features");
  await pictured();
  report.runtimes[runtime] = await page.evaluate(maps);
  if (runtime === job.runtimes[0]) {
    report.opened = await asked();
    // The section stays open from photo to photo, and in another language.
    await page.keyboard.press("ArrowRight");
    await seen(page);
    await pictured();
    report.next = { name: await page.textContent("#look .name"), maps: await page.evaluate(maps) };
    for (const [name, width, height] of [
      ["maps", 1280, 800],
      ["maps-phone", 390, 844],
    ]) {
      await page.setViewportSize({ width, height });
      await page.locator("#look .maps").evaluate((element) => element.scrollIntoView());
      await drawn(page);
      await picture(page, name);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.click("#look-features");
  }
  await page.keyboard.press("Escape");
}
report.second = second;
await finish(report);
