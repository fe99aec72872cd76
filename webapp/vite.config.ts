import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { site } from "./vite/site.ts";

/** Two pages, relative addresses (any sub-path on any static host), one self-contained script per worker. */
export default defineConfig({
  base: "./",
  plugins: [site(import.meta.dirname)],
  build: {
    outDir: resolve(import.meta.dirname, "../safelight/webapp"), // part of the Python package: `safelight web` copies it
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: resolve(import.meta.dirname, "index.html"), verify: resolve(import.meta.dirname, "verify.html") },
      checks: { pluginTimings: false }, // advice on a build of three seconds
    },
  },
  // LiteRT.js calls importScripts, so it needs a classic worker; and a worker that is one file loads one runtime only.
  worker: { format: "iife", rollupOptions: { checks: { pluginTimings: false } } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
