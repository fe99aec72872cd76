// The camera on a page that is hidden by another tab: node camera_hidden.mjs JOB.json → one JSON report on stdout.
// Playwright keeps its pages visible, so this one is driven by the browser's own protocol. The job: {chromium, webapp, url, args}.

import { job, launch } from "./page.mjs";

const browser = await launch(job.args);
const cdp = await browser.newBrowserCDPSession();
const { browserContextId } = await cdp.send("Target.createBrowserContext");
const open = (url) => cdp.send("Target.createTarget", { url, browserContextId });
const front = ({ targetId }) => cdp.send("Target.activateTarget", { targetId });

const waiting = new Map();
cdp.on("Target.receivedMessageFromTarget", ({ message }) => {
  const { id, result } = JSON.parse(message);
  waiting.get(id)?.(result);
});
const page = await open(job.url);
const { sessionId } = await cdp.send("Target.attachToTarget", { targetId: page.targetId, flatten: false });
/** The value of an expression in the page. */
async function evaluate(expression) {
  const id = waiting.size + 1;
  const answer = new Promise((resolve) => waiting.set(id, resolve));
  const params = { expression: `(async () => (${expression}))()`, awaitPromise: true, returnByValue: true, userGesture: true };
  await cdp.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method: "Runtime.evaluate", params }) });
  return (await answer).result.value;
}
async function until(expression) {
  const end = Date.now() + 30_000;
  while (!(await evaluate(expression))) {
    if (Date.now() > end) throw new Error(`not within 30 s: ${expression}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
const ANSWERED = "document.querySelector('.camera-wording')?.textContent !== '' && document.querySelector('.camera-take') !== null";
const state = () =>
  evaluate(`({
    visibility: document.visibilityState,
    track: globalThis.track.readyState,
    message: document.querySelector('.camera-message').textContent,
    answer: document.querySelector('.camera-wording').textContent,
  })`);
const keepTrack = "globalThis.track = document.querySelector('#camera video').srcObject.getVideoTracks()[0], true";

const report = {};
await until("document.querySelector('#open-camera') && !document.querySelector('#open-about').disabled");
await evaluate("document.querySelector('#open-camera').click()");
await until(ANSWERED);
await evaluate(keepTrack);
report.seen = await state();
const other = await open("about:blank");
await front(other);
await until("document.hidden");
await new Promise((resolve) => setTimeout(resolve, 500)); // a frame that was under way must not bring the answer back
report.hidden = await state();
await front(page);
await until(ANSWERED);
await evaluate(keepTrack);
report.back = await state();
await browser.close();
console.log(JSON.stringify(report));
