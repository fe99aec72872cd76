// Two cameras, on a phone's screen: node camera_choice.mjs JOB.json → one JSON report on stdout.

import { job, open, picture } from "./page.mjs";

const { page, finish } = await open({ args: job.args });
const answered = () => page.waitForFunction(() => document.querySelector(".camera-wording")?.textContent);
const camera = () =>
  page.evaluate(() => {
    const [track] = document.querySelector("#camera video").srcObject.getVideoTracks();
    globalThis.tracks = [...(globalThis.tracks ?? []), track];
    return { id: track.getSettings().deviceId, label: track.label, chosen: document.querySelector("#camera-which").value };
  });
await page.click("#open-camera");
await answered();
const report = { first: await camera(), names: await page.locator("#camera-which option").allTextContents() };
const other = await page.locator("#camera-which option:not(:checked)").first().getAttribute("value");
await page.selectOption("#camera-which", other);
await page.waitForFunction((id) => document.querySelector("#camera video").srcObject?.getVideoTracks()[0].getSettings().deviceId === id, other);
await answered();
report.second = await camera();
report.states = await page.evaluate(() => globalThis.tracks.map((track) => track.readyState));
report.size = await page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.querySelector("#camera");
  const take = document.querySelector(".camera-take").getBoundingClientRect();
  return { scrollWidth, clientWidth, take: take.bottom <= innerHeight };
});
report.texts = await page.evaluate(() => document.querySelector("#camera").innerText);
await picture(page, "camera-phone");
await finish(report);
