// The page for everyone: every view judged by axe-core, at every width, light and dark, without motion, pictures of all.
// Job: {chromium, webapp, url, photos, open, args, archive, broken, pictures}.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { drawn, job, look, open, picture, settled } from "./page.mjs";

const AXE = readFileSync(createRequire(join(job.webapp, "package.json")).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const NARROW = {
  "zoomed to 200 %": { width: 640, height: 400 }, // of 1280 × 800
  "zoomed to 400 %": { width: 320, height: 200 },
  "on a small phone": { width: 360, height: 640 },
  "on a phone": SIZES.phone,
};
const SCHEMES = ["light", "dark"];

const { page, finish } = await open({ args: job.args });
await page.evaluate(AXE); // by the debugger: the policy lets the page itself load no such script
const report = { findings: {}, checked: {}, lost: {}, moved: {} };

/** What axe-core holds to be serious or critical, as "rule: element". */
async function findings() {
  return page.evaluate(async () => {
    const { violations, passes } = await window.axe.run(document, { preload: false });
    const bad = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    return {
      bad: bad.flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `${id}: ${target.join(" ")} ${any[0]?.message ?? ""}`)),
      checked: passes.length,
    };
  });
}

/** What is cut or can't be reached in the open dialog, or in the page: text wider than its box, a control behind something. */
function lost() {
  const top = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  const found = [];
  for (const box of new Set([document.documentElement, top]))
    if (box.scrollWidth > box.clientWidth) found.push(`${box.localName} scrolls sideways: ${box.scrollWidth} in ${box.clientWidth}`);
  for (const element of top.querySelectorAll("button, input, select, summary, a, h1, h2, h3, p, li, label, legend")) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest(".visually-hidden, .scroll")) continue;
    if (!element.getClientRects().length || (top === document.body && element.closest("dialog"))) continue;
    const what = `${element.localName}${element.id && `#${element.id}`}.${element.className} "${element.textContent.slice(0, 24)}"`;
    element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
    const { left, right, top: above, bottom, width } = element.getBoundingClientRect();
    const isEllipsis = getComputedStyle(element).textOverflow === "ellipsis";
    if (left < -1 || right > innerWidth + 1) found.push(`${what} lies outside: ${left} to ${right} of ${innerWidth}`);
    else if (!isEllipsis && element.localName !== "input" && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
      found.push(`${what} is wider than its box: ${element.scrollWidth} in ${element.clientWidth}`);
    if (!element.matches("button, input, select, summary, a") || element.disabled || width <= 1) continue;
    const hit = document.elementFromPoint((left + right) / 2, (above + bottom) / 2);
    if (!hit || !(element.contains(hit) || hit.contains(element) || hit.closest("label")?.control === element))
      found.push(`${what} can't be pressed: ${hit ? `${hit.localName}.${hit.className} lies there` : "out of sight"}`);
  }
  return found;
}

/** Judge what is open now, in both schemes at both sizes, then narrow; the page's own size and scheme are put back. The pictures show `part`. */
async function judge(view, part) {
  for (const [size, viewport] of Object.entries(SIZES))
    for (const colorScheme of SCHEMES) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await drawn(page);
      const { bad, checked } = await findings();
      report.findings[`${view}, ${size}, ${colorScheme}`] = bad;
      report.checked[`${view}, ${size}, ${colorScheme}`] = checked;
      if (part) await page.locator(part).evaluate((element) => element.scrollIntoView({ block: "center" }));
      await picture(page, `${view}-${size}-${colorScheme}`);
    }
  for (const [how, viewport] of Object.entries(NARROW)) {
    await page.setViewportSize(viewport);
    await drawn(page);
    report.lost[`${view}, ${how}`] = await page.evaluate(lost);
    await page.evaluate(() => scrollTo(0, 0));
  }
  report.moved[view] = await page.evaluate(() => window.moved.splice(0));
  await page.setViewportSize(SIZES.desktop);
  await page.emulateMedia({ colorScheme: "light" });
  await drawn(page);
}

/** From now on, what is animated is noted. */
await page.evaluate(() => {
  window.moved = [];
  const note = ({ type, target, animationName, propertyName }) => window.moved.push(`${type} ${animationName ?? propertyName} of ${target.className}`);
  for (const type of ["animationstart", "transitionrun"]) addEventListener(type, note, true);
});

await page.emulateMedia({ reducedMotion: "reduce" });
await judge("empty");
await page.setInputFiles("#photos-input", job.photos);
await settled(page);
await page.waitForFunction(() => [...document.querySelectorAll(".cell")].every((cell) => cell.matches(".has-picture")));
await page.click("#refused summary");
await page.locator(".cell .check").first().click();
await judge("grid");
await page.click("#select-none");
await look(page, job.open);
await judge("look");
await page.keyboard.press("Escape");
await page.click("#take");
await page.waitForSelector("#takeaway[open]");
await judge("takeaway");
await page.keyboard.press("Escape");
await page.click("#open-proof");
await page.waitForSelector("#proof[open] #proof-try");
await judge("proof");
await page.keyboard.press("Escape");
await page.click("#open-about");
await judge("model");

// A model that is being opened and never ready, then none, then one more, then one that is refused.
const isOpening = (what) => page.waitForFunction((is) => document.querySelector("#open-archive").disabled === is, what);
const hold = () => undefined;
await page.context().route("**/*.wasm", hold);
await page.setInputFiles("#archive-input", job.archive);
await isOpening(true);
await judge("opening", "#models-title");
await page.keyboard.press("Escape");
await isOpening(false);
await page.context().unroute("**/*.wasm", hold);
await page.setInputFiles("#archive-input", job.archive);
await isOpening(true);
await isOpening(false);
await page.setInputFiles("#archive-input", job.broken);
await page.waitForSelector("#models-trouble:not([hidden])");
await isOpening(false);
await judge("models", "#models-title");

// Every runtime's row, one with its time and one that is wrong.
await page.waitForFunction(() => document.querySelector("#find-fastest:enabled"), null, { timeout: 60_000 });
await page.click("#find-fastest");
await page.waitForSelector("#device-body [data-verdict=right]");
await page.click("#find-fastest"); // stops it
await page.waitForFunction(() => !document.querySelector("#device-body [data-verdict=running]"));
await page.evaluate(() => document.querySelector("#device-body [data-verdict=right]").classList.add("is-wrong"));
await judge("device", "#device-title");
await page.keyboard.press("Escape");

await page.click("#more-camera");
await page.waitForFunction(() => document.querySelector(".camera-verdict .muted")?.textContent);
await judge("camera");
await page.keyboard.press("Escape");
await page.waitForFunction(() => !document.querySelector("#camera").open);

for (const language of ["zh-Hant", "zh-Hans"]) {
  await page.selectOption("#language", language);
  await drawn(page);
  await picture(page, `grid-desktop-${language}`);
}
await page.selectOption("#language", "en");
await drawn(page); // which writes every label anew

// And so all of this can fail: without its label, over the edge, moving.
await page.evaluate(() => {
  const find = document.querySelector("#find");
  for (const name of ["aria-label", "placeholder"]) find.removeAttribute(name);
  document.querySelector("#add-photos").style.cssText = "position: absolute; inset: 0 auto 0 50vw; width: 80vw; z-index: 9";
});
await page.setViewportSize(NARROW["zoomed to 200 %"]);
report.planted = { findings: (await findings()).bad, lost: await page.evaluate(lost) };
await page.emulateMedia({ reducedMotion: "no-preference" });
await page.hover("#open-about");
await drawn(page);
report.planted.moved = await page.evaluate(() => window.moved);
await finish(report);
