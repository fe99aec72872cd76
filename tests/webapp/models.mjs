// Models from the disk: opened, refused, switched, remembered, forgotten. Job: {chromium, webapp, url, photos, steps}.
// A step is [what, value]: "archive" PATH, "folder" PATH, "drop" PATH, "dropPhotos" PATH, "choose" NAME, "forget" NAME, "photos" PATHS, "reload",
// "runtime" ID, "fallBack", "fastest", "cancel" [HOW, PATH]. After each the report says what the page shows.

import { cells, dragIn, job, open, settled } from "./page.mjs";

const { page, finish } = await open();
const ready = () =>
  page.waitForFunction(() => !document.querySelector("#open-archive").disabled && document.querySelector("#device-body").textContent !== "");
const choice = (name) => page.locator("#models-list .choice", { hasText: name });
/** Until the page says that the runtime in use has passed the whole exam, or why there is none. */
const proven = () =>
  page.waitForFunction(() => /Right on all/.test(document.querySelector("#device-body").textContent) || !document.querySelector("#problem").hidden);

const acts = {
  archive: (path) => page.setInputFiles("#archive-input", path),
  folder: (path) => page.setInputFiles("#bundle-input", path),
  drop: (path) => dragIn(page, [path]),
  dropPhotos: async (path) => {
    await dragIn(page, [path]);
    await settled(page);
  },
  choose: (name) => choice(name).locator("input").evaluate((radio) => radio.click()),
  forget: (name) => choice(name).locator("button").evaluate((button) => button.click()),
  reload: () => page.reload(),
  runtime: (id) => page.locator(`#device-body input[value="${id}"]`).evaluate((radio) => radio.click()),
  photos: async (paths) => {
    await page.setInputFiles("#photos-input", paths);
    await settled(page);
  },
  fallBack: async () => {
    await page.waitForFunction(() => !document.querySelector("#notice").hidden);
    await settled(page);
  },
  /** Open a bundle while the network is held, so that its runtime never starts, and call that off. */
  cancel: async ([how, path]) => {
    let hold;
    const asked = new Promise((resolve) => {
      hold = () => resolve(); // and no answer
    });
    await page.context().route("**/*.wasm", hold);
    await page.evaluate(() => document.querySelector("#about").open || document.querySelector("#about").showModal());
    await page.focus("#open-archive");
    await page.setInputFiles("#archive-input", path);
    await page.waitForSelector("#cancel-opening:not([hidden])");
    if (how !== "at once") await asked;
    const focus = () => page.evaluate(() => document.activeElement.id || document.activeElement.value);
    const [focusBefore, begun] = [await focus(), performance.now()];
    if (how === "Escape") await page.keyboard.press("Escape");
    else await page.click("#cancel-opening");
    await ready();
    cancelled = { ms: performance.now() - begun, focusBefore, focusAfter: await focus() };
    await page.context().unroute("**/*.wasm", hold);
  },
  fastest: async () => {
    await proven();
    await page.locator("#find-fastest").evaluate((button) => button.click());
    await page.waitForFunction(() => document.querySelectorAll("#device-body [data-verdict]").length > 0);
    await page.waitForFunction(() => document.querySelector("#find-fastest").textContent === "Find the fastest", null, { timeout: 60_000 });
  },
};

const report = [];
let cancelled;
for (const [what, value] of job.steps) {
  await acts[what](value);
  await page.waitForTimeout(50); // until the page has begun
  await ready();
  await proven();
  report.push({ what, cancelled, ...(await page.evaluate(state)), cells: (await cells(page)).map(({ name, label }) => [name, label]) });
}
await finish({ steps: report, stored: await page.evaluate(dump) });

function state() {
  const text = (selector) => document.querySelector(selector).textContent;
  const shown = (selector) => (document.querySelector(selector).hidden ? "" : text(selector));
  return {
    knows: text("#knows"),
    models: [...document.querySelectorAll("#models-list .choice label")].map((label) => label.lastElementChild.firstChild.textContent),
    current: document.querySelector("#models-list input:checked")?.nextElementSibling.firstChild.textContent,
    trouble: shown("#models-trouble"),
    said: text("#models-state"),
    isOpen: document.querySelector("#about").open,
    problem: shown("#problem"),
    notice: shown("#notice"),
    runtime: document.querySelector("#device-body input:checked")?.value,
    verdicts: Object.fromEntries(
      [...document.querySelectorAll("#device-body [data-verdict]")].map((row) => [row.dataset.runtime, [row.dataset.verdict, row.querySelector(".muted").textContent]]),
    ),
  };
}

/** All that this origin has stored: every file by its checksum, everything else as text. */
async function dump() {
  const digest = async (data) => {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const [files, texts] = [[], [JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])]];
  const done = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: reject }));
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const all = database.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([done(all.getAllKeys()), done(all.getAll())]);
      texts.push(JSON.stringify(keys));
      for (const value of values) {
        if (value instanceof ArrayBuffer) files.push(await digest(value));
        else if (value instanceof Blob) files.push(await digest(await value.arrayBuffer()));
        else texts.push(JSON.stringify(value));
      }
    }
    database.close();
  }
  const walk = async (folder) => {
    for await (const [name, handle] of folder.entries()) {
      texts.push(name);
      if (handle.kind === "directory") await walk(handle);
      else files.push(await digest(await (await handle.getFile()).arrayBuffer()));
    }
  };
  await walk(await navigator.storage.getDirectory());
  for (const name of await caches.keys())
    for (const key of await (await caches.open(name)).keys()) {
      texts.push(key.url);
      files.push(await digest(await (await (await caches.open(name)).match(key)).arrayBuffer()));
    }
  return { files, texts };
}
