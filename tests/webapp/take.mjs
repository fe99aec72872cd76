// One photo understood and corrected, everything taken away. Job: {chromium, webapp, url, photos, out, classes, corrections}.

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cells, job, look, open, picture, seen, settled } from "./page.mjs";

const { page, finish } = await open();
const report = { heat: {}, downloads: {} };

// The pickers are the browser's own windows, which no test can press: folders of the page's private file system stand in.
await page.evaluate(() => {
  window.showDirectoryPicker = async ({ mode }) => {
    const root = await navigator.storage.getDirectory();
    return root.getDirectoryHandle(mode === "read" ? "holiday" : window.target, { create: true });
  };
});
const files = job.photos.map((path) => [basename(path), readFileSync(path).toString("base64")]);
await page.evaluate(async (list) => {
  const root = await navigator.storage.getDirectory();
  const holiday = await root.getDirectoryHandle("holiday", { create: true });
  const beach = await holiday.getDirectoryHandle("beach", { create: true });
  for (const [i, [name, text]] of list.entries()) {
    const file = await (i % 2 ? beach : holiday).getFileHandle(name, { create: true });
    const stream = await file.createWritable();
    await stream.write(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
    await stream.close();
  }
  const again = await (await beach.getFileHandle(list[0][0], { create: true })).createWritable(); // the same name twice
  await again.write(await (await holiday.getFileHandle(list[0][0])).getFile());
  await again.close();
}, files);
await page.click("#choose-folder");
await settled(page);
report.cells = await cells(page);

// The heat map: where its picture is brightest, for every class asked for, and whether the switch works.
for (const [name, classes] of Object.entries(job.classes)) {
  await page.locator(".cell", { hasText: name }).first().click();
  await seen(page);
  report.heat[name] = {};
  for (const label of classes) {
    const more = page.locator("#look .more");
    if ((await page.locator(`#look .probability[data-label="${label}"]`).count()) === 0) await more.click();
    await page.click(`#look .probability[data-label="${label}"]`);
    report.heat[name][label] = await page.evaluate(heat);
  }
  await page.uncheck("#look-heat");
  report.hidden = await page.locator("#look .heat").isHidden();
  await page.check("#look-heat");
  await page.click("#look-seen");
  report.seen = await page.evaluate(() => {
    const canvas = document.querySelector("#look .seen");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [...data].filter((_, i) => i % 4 < 3);
  });
  await picture(page, "seen");
  await page.click("#look-whole");
  await page.keyboard.press("Escape");
}

function heat() {
  const canvas = document.querySelector("#look .heat");
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, width, height);
  let [peak, most, least] = [0, -1, 256];
  for (let i = 0; i < data.length; i += 4) {
    const light = data[i + 3] === 0 ? 0 : data[i] + data[i + 1] + data[i + 2];
    if (light > most) [peak, most] = [i / 4, light];
    least = Math.min(least, data[i + 3]);
  }
  return { x: (peak % width) / width, y: Math.floor(peak / width) / height, most, least };
}

// Corrections, by the keys and by the field; next photo by its key.
for (const [name, { key, text }] of Object.entries(job.corrections)) {
  await page.locator(".cell", { hasText: name }).first().click();
  await seen(page);
  if (key) await page.keyboard.press(key);
  if (text) await page.fill(".correction input", text);
  if (text) await page.press(".correction input", "Enter");
  await page.waitForSelector(".correction .chip[aria-pressed=true]");
  report.before = await page.textContent("#look .name");
  await page.locator("#look .close").focus();
  await page.keyboard.press("ArrowRight");
  await seen(page);
  report.after = await page.textContent("#look .name");
  await page.keyboard.press("Escape");
}

// From the first photo to the last and back by keys alone: the focus never leaves the view.
await page.locator(".cell").first().click();
await seen(page);
await page.locator("#look .next").focus();
report.walk = [];
for (const key of ["Enter", ...Array(8).fill("ArrowRight"), "ArrowLeft"]) {
  await page.keyboard.press(key);
  await seen(page);
  report.walk.push(await page.textContent("#look .look-head .muted"));
}
await page.keyboard.press("Escape");

const save = async (button, name) => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  await download.saveAs(join(job.out, name));
  report.downloads[name] = download.suggestedFilename();
};
await page.click("#take");
await page.waitForSelector("#takeaway[open]");
await picture(page, "take");
await save("#take-csv", "answers.csv");
await save("#take-json", "answers.json");
await save("#take-zip", "photos.zip");

/** Press, wait for the message, and list a folder of the private file system with its files' sizes. */
const written = async (target, ...buttons) => {
  await page.evaluate((name) => {
    window.target = name;
  }, target);
  for (const button of buttons) await page.click(button);
  await page.waitForFunction(() => /\d/.test(document.querySelector("#take-message")?.textContent ?? ""));
  return { message: await page.textContent("#take-message"), files: await list(target) };
};
const list = (folder) =>
  page.evaluate(async (name) => {
    const found = {};
    const walk = async (directory, path) => {
      for await (const [each, handle] of directory.entries())
        if (handle.kind === "directory") await walk(handle, `${path}${each}/`);
        else found[`${path}${each}`] = (await handle.getFile()).size;
    };
    await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle(name), "");
    return found;
  }, folder);
await page.click("#take-close");
await page.click("#take");
report.copied = await written("sorted", "#take-copy");
report.untouched = await list("holiday");
await page.click("#take-close");
await page.click("#take");
report.copiedAgain = await written("sorted", "#take-copy");
await page.click("#take-close");
await page.click("#take");
report.moved = await written("moved", "#take-move", "#take-move-confirm");
report.emptied = await list("holiday");
await finish(report);
