// The camera, live: node camera.mjs JOB.json → one JSON report on stdout. The job: {chromium, webapp, url, args, pictures}.

import { cells, job, look, open, picture, settled } from "./page.mjs";

/** Notes when each frame leaves for a worker, and how many are on their way; changes nothing. */
function watchFrames() {
  const { postMessage } = Worker.prototype;
  const seen = { sent: [], ms: [], underWay: 0, most: 0 };
  globalThis.framesSeen = seen;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message.call === "frame") {
      seen.sent.push(performance.now());
      seen.most = Math.max(seen.most, ++seen.underWay);
      const answered = ({ data }) => {
        if (data.id !== message.id) return;
        seen.underWay--;
        seen.ms.push(data.result?.ms);
        this.removeEventListener("message", answered);
      };
      this.addEventListener("message", answered);
    }
    return postMessage.call(this, message, ...rest);
  };
}

const { page, requests, finish } = await open({ args: job.args, before: (empty) => empty.addInitScript(watchFrames) });
const report = {};
await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.includes("/camera-"))); // fetched ahead
await page.waitForLoadState("networkidle");
const before = requests.length;

/** What the canvas shows that holds the model's pixels, RGB in base64. */
const pixels = (selector) =>
  page.evaluate((canvas) => {
    const shown = document.querySelector(canvas);
    const context = new OffscreenCanvas(shown.width, shown.height).getContext("2d", { willReadFrequently: true });
    context.drawImage(shown, 0, 0);
    const { data } = context.getImageData(0, 0, shown.width, shown.height);
    return btoa(Array.from(data.filter((_, i) => i % 4 < 3), (byte) => String.fromCharCode(byte)).join(""));
  }, selector);
/** The preview as it is on the screen, a PNG in base64. */
const preview = async () => (await page.locator("#camera video").screenshot()).toString("base64");
const answer = () =>
  page.evaluate(() => ({
    label: document.querySelector(".camera-wording").dataset.label,
    wording: document.querySelector(".camera-wording").textContent,
    spoken: document.querySelector(".camera-verdict output").textContent,
    basis: document.querySelector(".camera-verdict .muted").textContent,
    shares: [...document.querySelectorAll(".camera-ranking .share")].map((share) => share.textContent),
    mirrored: document.querySelector("#camera-mirror").checked,
    focus: document.activeElement.className,
    size: ["videoWidth", "videoHeight"].map((side) => document.querySelector("#camera video")[side]),
  }));
const frames = () => page.evaluate(() => globalThis.framesSeen);

await page.click("#open-camera");
await page.waitForFunction(() => globalThis.framesSeen.sent.length > 5 && document.querySelector(".camera-verdict .muted").textContent);
report.averaged = await answer();
report.mirrored = await preview();
report.pixels = [await pixels(".camera-seen")];
await picture(page, "camera");

await page.uncheck("#camera-mirror");
await page.uncheck("#camera-average");
await page.waitForTimeout(300); // a frame later
report.single = await answer();
report.plain = await preview();
report.pixels.push(await pixels(".camera-seen"));

await page.locator(".camera-take").focus();
await page.keyboard.press("Space");
await page.waitForFunction(() => document.querySelector(".camera-shot output").textContent);
report.taken = await page.textContent(".camera-shot output");
report.frames = await frames();
report.track = await page.evaluateHandle(() => document.querySelector("#camera video").srcObject.getVideoTracks()[0]);
const { track } = report;
report.live = await track.evaluate((each) => each.readyState);
await page.keyboard.press("Escape");
await page.waitForFunction(() => document.querySelector("#camera video").srcObject === null);
report.track = await track.evaluate((each) => each.readyState);
const sent = (await frames()).sent.length;
await settled(page);
report.focus = await page.evaluate(() => document.activeElement.id);
[report.cell] = await cells(page);
await look(page, report.cell.name);
await page.locator("#look .segments button").nth(1).click();
report.pixels.push(await pixels("#look .seen"));
report.afterwards = (await frames()).sent.length - sent;
report.asked = requests.slice(before);
await finish(report);
