// Assembles src/contract/kernel.wat and writes the bytes into kernel.ts: npm run kernel.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import wabt from "wabt";

const file = (name) => join(import.meta.dirname, "src/contract", name);
const source = readFileSync(file("kernel.wat"), "utf8");
const { buffer } = (await wabt()).parseWat("kernel.wat", source, { simd: true }).toBinary({});
const lines = Buffer.from(buffer)
  .toString("base64")
  .match(/.{1,100}/g);
const written = `export const KERNEL = [\n${lines.map((line) => `  "${line}",\n`).join("")}].join("");`;
const before = readFileSync(file("kernel.ts"), "utf8");
writeFileSync(file("kernel.ts"), before.replace(/export const KERNEL = [\s\S]*?\.join\(""\);/, written));
