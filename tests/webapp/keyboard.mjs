// Without a mouse: photos are added, one is opened, corrected and taken away. Job: {chromium, webapp, url, photos, out}.

import { readFileSync } from "node:fs";
import { job, open, seen, settled } from "./page.mjs";

const MOST_TABS = 60;

const { page, finish } = await open();
const report = { unseen: [], tabs: {} };

/** Press Tab, or Shift and Tab, until `selector` has the focus; every stop on the way must show that it has it. */
async function tabTo(selector, key = "Tab") {
  for (let count = 1; count <= MOST_TABS; count++) {
    await page.keyboard.press(key);
    const stop = await page.evaluate((wanted) => {
      const active = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(active);
      const { width, height } = active.getBoundingClientRect();
      const isSeen = active === document.body || (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1 && width * height > 1);
      return { isThere: active.matches(wanted), isSeen, what: `${active.localName}#${active.id}.${active.className}` };
    }, selector);
    if (!stop.isSeen) report.unseen.push(stop.what);
    if (stop.isThere) {
      report.tabs[selector] = count;
      return;
    }
  }
  throw new Error(`${MOST_TABS} times ${key}, and the focus never came to ${selector}`);
}
/** The id of what has the focus, or the name of the photo. */
const focus = () => page.evaluate(() => document.activeElement.matches(".cell") ? document.activeElement.querySelector(".name").textContent : document.activeElement.id);

const choosing = page.waitForEvent("filechooser"); // from now on: the driver must be ready when the key is pressed
await tabTo("#choose-photos");
await page.keyboard.press("Enter");
await (await choosing).setFiles(job.photos);
await settled(page);
report.added = await focus(); // what had it is gone: it must not be lost
await tabTo(".cell");
await page.keyboard.press("ArrowRight");
report.opened = await focus();
await page.keyboard.press("Enter");
await seen(page);
report.inDialog = await page.evaluate(() => document.querySelector("#look").contains(document.activeElement));
await tabTo('#look .probability[aria-pressed="false"]');
await page.keyboard.press("Enter"); // the heat map of the second class
await page.keyboard.press("2");
await page.waitForSelector(".correction .chip[aria-pressed=true]");
report.corrected = await page.locator(".correction .chip[aria-pressed=true]").getAttribute("data-label");
await page.evaluate(() => {
  const closing = (resolve) => document.querySelector("#look").addEventListener("close", resolve, { once: true });
  window.closing = new Promise(closing);
});
await page.keyboard.press("Escape");
await page.evaluate(() => window.closing); // the focus goes back in this event, which a driver's keys can overtake
report.closed = await focus();
await tabTo("#take", "Shift+Tab");
await page.keyboard.press("Enter");
await page.waitForSelector("#takeaway[open]");
await tabTo("#take-csv");
const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
report.csv = readFileSync(await download.path(), "utf8");
await page.keyboard.press("Escape");
report.taken = await focus();
await tabTo("#clear");
await page.keyboard.press("Enter");
await page.waitForSelector("#drop");
report.cleared = await focus();
await finish(report);
