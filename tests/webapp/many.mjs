// Two thousand photos: what is on the page, how keys move in it, pause and cancel. Job: {chromium, webapp, url, count, photos}.

import { cells, drawn, job, open, settled } from "./page.mjs";

const { page, finish } = await open();
const report = {};

await page.setInputFiles("#photos-input", job.photos);
await settled(page);

/** Add generated photos, every one another colour, from inside the page; the time until the page answers again. */
async function add(count) {
  return page.evaluate(async (total) => {
    const canvas = new OffscreenCanvas(8, 8);
    const context = canvas.getContext("2d");
    const files = [];
    for (let i = 0; i < total; i++) {
      context.fillStyle = `hsl(${(i * 37) % 360} 80% 50%)`;
      if (i < 24) context.fillRect(0, 0, 8, 8);
      const blob = i < 24 ? await canvas.convertToBlob({ type: "image/jpeg" }) : files[i % 24];
      files.push(new File([blob], `generated ${i}.jpg`));
    }
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    const input = document.querySelector("#photos-input");
    input.files = transfer.files;
    const start = performance.now();
    input.dispatchEvent(new Event("change"));
    const handled = performance.now() - start;
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return { handled, drawn: performance.now() - start };
  }, count);
}
const nodes = () => page.evaluate(() => ({ cells: document.querySelectorAll(".cell").length, all: document.querySelectorAll("*").length }));

// Pause: nothing more is answered; resume: it goes on.
report.adding = await add(job.count);
await page.waitForFunction(() => document.querySelectorAll('.cell[data-state="answered"]').length > 8);
await page.click("#pause");
await page.waitForFunction(() => !document.querySelector('.cell[data-state="working"]'));
const status = () => page.textContent("#status");
report.paused = await status();
await page.waitForTimeout(700);
report.pausedLater = await status();
report.pace = await page.textContent("#pace");

// However far down: few cells, each with its place among all.
report.nodes = { top: await nodes() };
await page.evaluate(() => scrollTo(0, document.body.scrollHeight / 2));
await page.waitForFunction(() => Number(document.querySelector(".cell:last-child").ariaPosInSet) > 500);
report.nodes.middle = await nodes();
await page.evaluate(() => scrollTo(0, 0));
await page.waitForFunction(() => document.querySelector(".cell").ariaPosInSet === "1");

// Keys: one tab stop, arrows by column and row, End, Home, Space, Shift, Ctrl+A, Escape.
const focused = () => page.evaluate(() => Number(document.activeElement.ariaPosInSet));
const selected = () => page.evaluate(() => Number.parseInt(document.querySelector("#selected-count").textContent, 10));
report.stops = await page.locator('.cell[tabindex="0"]').count();
await page.locator('.cell[tabindex="0"]').focus();
report.keys = [await focused()];
for (const key of ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "End", "Home"]) {
  await page.keyboard.press(key);
  report.keys.push(await focused());
}
report.columns = await page.evaluate(() => {
  const [first, ...rest] = [...document.querySelectorAll(".cell")].map((cell) => cell.getBoundingClientRect().top);
  return 1 + rest.findIndex((top) => top !== first);
});
await page.keyboard.press("Space");
await page.keyboard.press("ArrowRight");
await page.keyboard.press("Shift+ArrowRight");
await drawn(page);
report.selected = [await selected()];
await page.keyboard.press("Control+a");
await drawn(page);
report.selected.push(await selected());
await page.keyboard.press("Escape");
await page.waitForFunction(() => document.querySelector("#selection").hidden);

// Cancel: what waits is gone at once, the answers stay; three times, for the best time.
await page.click("#pause");
report.cancelMs = [];
for (let i = 0; i < 3; i++) {
  if (i > 0) await add(50);
  await page.waitForFunction(() => document.querySelector('.cell[data-state="working"]') !== null);
  report.cancelMs.push(
    await page.evaluate(async () => {
      const start = performance.now();
      document.querySelector("#cancel").click();
      while (!document.querySelector("#cancel").hidden) await new Promise(requestAnimationFrame);
      return performance.now() - start;
    }),
  );
}
report.cancelled = await status();

// Sort and find.
report.orders = {};
for (const order of ["name", "class", "surest", "unsurest"]) {
  await page.selectOption("#order", order);
  await drawn(page);
  report.orders[order] = await cells(page);
}
await page.fill("#find", job.find);
await drawn(page);
report.found = (await cells(page)).map((cell) => cell.name);
await page.fill("#find", "no such photo");
await page.waitForSelector("#nothing-shown:not([hidden])");
await page.click("#show-all");
await drawn(page);
const chip = page.locator("#class-filter .chip").nth(1);
report.chip = { label: await chip.getAttribute("data-label"), text: await chip.textContent() };
await chip.click();
await drawn(page);
report.ofClass = (await cells(page)).map((cell) => cell.label);
await finish(report);
