// The peer: the usual recipe for photos in TF.js. createImageBitmap, drawImage to the model's size, fromPixels, predict; one after the other.

import "@tensorflow/tfjs-backend-wasm";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { browser, cast, env, expandDims, ready, setBackend, tidy, zeros } from "@tensorflow/tfjs-core";

let model;
let settings;

/** Load the model and run it once. */
export async function load(options) {
  settings = options;
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setWasmPaths(options.wasm);
  await setBackend("wasm");
  await ready();
  model = await loadGraphModel(options.model);
  await (await predict(zeros([options.size, options.size, 3]))).data();
}

/** The index of each photo's most probable class. */
export async function classify(files) {
  const { size } = settings;
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d");
  const found = [];
  for (const file of files) {
    const bitmap = await createImageBitmap(file);
    context.drawImage(bitmap, 0, 0, size, size);
    bitmap.close();
    const output = predict(browser.fromPixels(context.getImageData(0, 0, size, size)));
    const probabilities = await output.data();
    output.dispose();
    found.push(probabilities.indexOf(Math.max(...probabilities)));
  }
  return found;
}

function predict(pixels) {
  return tidy(() => model.execute({ [settings.input]: expandDims(cast(pixels, "float32")) }, settings.output));
}

/** The same in a worker: messages {call, argument} → the result. */
if (typeof document === "undefined")
  self.onmessage = async ({ data: { call, argument } }) => self.postMessage(await { load, classify }[call](argument));
