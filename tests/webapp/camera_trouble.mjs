// What the page says without a picture: node camera_trouble.mjs JOB.json → one JSON report on stdout.
// The job: {chromium, webapp, cases: {name: {url, args}}}.

import { job, launch } from "./page.mjs";

const report = {};
for (const [name, { url, args }] of Object.entries(job.cases)) {
  const browser = await launch(args);
  const page = await browser.newPage({ locale: job.locale ?? "en" });
  await page.goto(url);
  await page.click("#open-camera");
  await page.waitForSelector(".camera-notice button:not([hidden])");
  const said = await page.textContent(".camera-message");
  await page.click(".camera-notice button"); // "Try again" tries again, and says the same
  await page.waitForSelector(".camera-notice button:not([hidden])");
  report[name] = { said, again: await page.textContent(".camera-message"), answer: await page.textContent(".camera-wording") };
  await browser.close();
}
console.log(JSON.stringify(report));
