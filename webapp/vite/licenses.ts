/** `licenses.md`: whose work the site brings along, and on which terms; the packages' own licence files where they have one. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Package {
  readonly version: string;
  readonly license: string;
  readonly author?: string | { readonly name: string };
  readonly homepage?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The text; `root` is the folder of the web app's package.json, whose dependencies are what the build bundles. */
export function licenses(root: string): string {
  const names = Object.keys(read(root).dependencies ?? {}).sort();
  const apache = readFileSync(join(root, "../LICENSE"), "utf8");
  return [
    "# Licenses",
    ...names.map((name) => section(join(root, "node_modules", name), name)),
    "## Apache-2.0",
    apache,
  ].join("\n\n");
}

function section(folder: string, name: string): string {
  const { version, license, author, homepage } = read(folder);
  const by = typeof author === "string" ? author : author?.name;
  const own = join(folder, "LICENSE");
  const lines = [
    `## ${name} ${version}: ${license}`,
    by && `By ${by}.`,
    homepage,
    existsSync(own) && readFileSync(own, "utf8").trim(),
  ];
  return lines.filter(Boolean).join("\n\n");
}

function read(folder: string): Package {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package;
}
