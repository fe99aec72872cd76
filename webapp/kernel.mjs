// Assembles the kernels of src/contract and writes their bytes into the modules of the same name: npm run kernel.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import wabt from "wabt";

const { parseWat } = await wabt();
for (const name of ["kernel", "ycc"]) {
  const file = (kind) => join(import.meta.dirname, "src/contract", `${name}.${kind}`);
  const { buffer } = parseWat(`${name}.wat`, readFileSync(file("wat"), "utf8"), { simd: true }).toBinary({});
  const lines = Buffer.from(buffer)
    .toString("base64")
    .match(/.{1,100}/g);
  const written = `export const KERNEL = [\n${lines.map((line) => `  "${line}",\n`).join("")}].join("");`;
  const before = readFileSync(file("ts"), "utf8");
  writeFileSync(file("ts"), before.replace(/export const KERNEL = [\s\S]*?\.join\(""\);/, written));
}
