import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DICTIONARIES, type Language, languageFor, translate } from "../src/app/i18n/index.ts";
import { REASONS } from "../src/contract/errors.ts";
import { WORDS } from "../src/verify/words.ts";

const languages = Object.keys(DICTIONARIES) as Language[];

const pages: [string, Record<Language, Record<string, string>>][] = [
  ["the app", DICTIONARIES],
  ["the self-testing page", WORDS],
];

test.each(pages.flatMap(([page, texts]) => languages.map((language) => [page, language, texts] as const)))(
  "%s has every text in %s, with the same placeholders as English",
  (_, language, texts) => {
    const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    for (const [key, english] of Object.entries(texts.en)) {
      const text = texts[language][key]!;
      expect(text, key).toBeTruthy();
      expect(placeholders(text), key).toEqual(placeholders(english));
    }
    expect(Object.keys(texts[language])).toEqual(Object.keys(texts.en));
  },
);

test("every text that the page names exists, and every refusal has one", () => {
  const page = readFileSync(join(import.meta.dirname, "../index.html"), "utf8");
  const named = [...page.matchAll(/data-i18n(?:-\w+)?="([\w.]+)"/g)].map((found) => found[1]!);
  expect(named.length).toBeGreaterThan(10);
  for (const key of [...named, ...REASONS.map((reason) => `reason.${reason}`)])
    expect(DICTIONARIES.en).toHaveProperty([key]);
});

test("a browser's languages choose ours", () => {
  const chosen = ["zh-TW", "zh-HK", "zh-CN", "zh", "yue", "en-GB", "fr", "zh-Hans-HK"].map((tag) => languageFor([tag]));
  expect(chosen).toEqual(["zh-Hant", "zh-Hant", "zh-Hans", "zh-Hans", "zh-Hant", "en", "en", "zh-Hans"]);
  expect(languageFor(["fr", "zh-TW", "en"])).toBe("zh-Hant");
  expect(languageFor(["c", "zh-TW"])).toBe("zh-Hant");
  expect(languageFor([])).toBe("en");
  expect(languageFor(["c", "zh-TW"])).toBe("zh-Hant");
});

test("placeholders are filled", () => {
  expect(translate("en", "progress", { done: 3, total: 7 })).toBe("3 of 7");
});
