// `safelight clean` by its keys alone: walk, set aside, relabel, undo. Job: {chromium, webapp, url, relabelled, pictures}.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { drawn, job, launch, picture } from "./page.mjs";

const AXE = readFileSync(createRequire(join(job.webapp, "package.json")).resolve("axe-core/axe.min.js"), "utf8");

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const [requests, complaints] = [[], []];
page.on("request", (request) => requests.push(request.url()));
page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
await page.goto(job.url);
const settled = () => page.waitForFunction(() => {
  const image = document.querySelector("#picture");
  return image.hidden || (image.complete && image.naturalWidth > 0);
});
await page.waitForSelector("#card:not([hidden])");
await settled();

const text = (selector) => page.textContent(selector);
const counts = async () => Object.fromEntries(await page.locator("#queues button").evaluateAll((all) =>
  all.map((button) => [button.firstChild.textContent, Number(button.lastChild.textContent)])));
/** Press a key that moves a photo, and wait for the server's word. */
async function move(key) {
  const [answer] = await Promise.all([page.waitForResponse((response) => response.request().method() === "POST"), page.keyboard.press(key)]);
  await page.waitForSelector("#main[aria-busy=false]");
  return { status: answer.status(), said: await text("#status") };
}
const turnTo = async (title) => {
  await page.locator("#queues button", { hasText: title }).click();
  await drawn(page);
  await settled();
};

const report = { first: await text("#caption"), before: await counts() };
await picture(page, "clean-leak");
report.aside = await move("d");
await turnTo("Broken");
report.unseen = await page.isVisible("#unseen");
report.shown = await text("#caption");
report.isMarkup = await page.locator("#caption b b, #why b").count();
report.broken = await move("d");
await turnTo("One picture, two labels");
const place = await text("#place");
await page.keyboard.press("ArrowRight");
report.walked = [place, await text("#place")];
await page.keyboard.press("ArrowLeft");
if (!(await text("#caption")).includes(job.relabelled)) await page.keyboard.press("ArrowRight");
await settled();
await picture(page, "clean-conflict");
report.relabelled = await move("2");
report.after = await counts();
report.undone = [await move("u"), await move("u")];
report.back = await text("#place"); // the broken one, in its queue
report.afterUndo = await counts();
await page.selectOption("#class", "gravel");
report.ofClass = await text("#nothing");
await page.selectOption("#class", "");

await page.evaluate(AXE);
const findings = () => page.evaluate(async () => {
  const { violations } = await window.axe.run(document, { preload: false });
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
});
report.findings = {};
for (const colorScheme of ["light", "dark"]) {
  await page.emulateMedia({ colorScheme });
  report.findings[colorScheme] = await findings();
}
await page.setViewportSize({ width: 320, height: 600 });
report.sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
await page.evaluate(() => document.querySelector("#class").previousElementSibling.remove()); // so that it can fail: a list without its label
report.planted = await findings();
await browser.close();
console.log(JSON.stringify({ ...report, requests, complaints }));
