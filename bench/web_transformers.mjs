// The peer with transformers.js: its own release, fetched for this table alone, and its usual recipe, a pipeline that is given addresses of pictures.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

export const PEER_PAGE = '<!doctype html><title>peer</title><input type="file" multiple><script type="module" src="/main.js"></script>';
const RELEASE = "@huggingface/transformers@4.3.1";

/** Fetch and unpack transformers.js and the onnxruntime-web that it names into `folder`. Throws where that fails. */
export function fetchTransformers(folder) {
  const unpack = (release, name) => {
    const run = (program, ...words) => {
      const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, encoding: "utf8" });
      if (status !== 0) throw new Error(`${program} ${words.join(" ")}: ${stderr}`);
      return stdout.trim().split("\n").at(-1);
    };
    mkdirSync(join(folder, name));
    run("tar", "-xzf", run("npm", "pack", "--silent", release), "-C", name, "--strip-components=1");
    return JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8"));
  };
  const { version, dependencies } = unpack(RELEASE, "transformers");
  unpack(`onnxruntime-web@${dependencies["onnxruntime-web"]}`, "onnxruntime-web");
  return version;
}

const MAIN = `
  import { env, pipeline } from "/transformers.min.js";
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = "/models/";
  env.useBrowserCache = false;
  env.backends.onnx.wasm.wasmPaths = location.origin + "/ort/";
  let classifier;
  let labels;
  window.peer = async (call, argument) => {
    if (call === "load") {
      labels = argument;
      classifier = await pipeline("image-classification", "peer", { dtype: "fp32", device: "wasm" });
      return;
    }
    const found = [];
    for (const file of argument) {
      const url = URL.createObjectURL(file);
      const [{ label }] = await classifier(url, { top_k: 1 });
      URL.revokeObjectURL(url);
      found.push(labels.indexOf(label));
    }
    return found;
  };
  window.peerIsThere = true;`;

/** Open the page; `model` is the folder with config.json, preprocessor_config.json and onnx/model.onnx. */
export async function openTransformers(context, page, folder, model, labels) {
  await context.route("http://peer.localhost/**", async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/") await route.fulfill({ contentType: "text/html", body: PEER_PAGE });
    else if (pathname === "/main.js") await route.fulfill({ contentType: "text/javascript", body: MAIN });
    else if (pathname === "/transformers.min.js") await route.fulfill({ contentType: "text/javascript", path: join(folder, "transformers/dist/transformers.min.js") });
    else if (pathname.startsWith("/ort/"))
      await route.fulfill({ contentType: pathname.endsWith(".wasm") ? "application/wasm" : "text/javascript", path: join(folder, "onnxruntime-web/dist", basename(pathname)) });
    else if (pathname.startsWith("/models/peer/")) await route.fulfill({ path: join(model, pathname.slice("/models/peer/".length)) }).catch(() => route.fulfill({ status: 404 }));
    else await route.fulfill({ status: 404 });
  });
  await page.goto("http://peer.localhost/");
  await page.waitForFunction(() => window.peerIsThere);
  await page.evaluate((argument) => window.peer("load", argument), labels);
}
