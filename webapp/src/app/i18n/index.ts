/** The page's words. A language is one dictionary beside this file; the types require every key, and a test every placeholder. */

import { en, type Key } from "./en.ts";
import { zhHans } from "./zh-hans.ts";
import { zhHant } from "./zh-hant.ts";

export type { Key };

/** BCP 47 tags, as in the spec's names and wordings. */
export const LANGUAGES = { en: "English", "zh-Hant": "繁體中文", "zh-Hans": "简体中文" } as const;
export type Language = keyof typeof LANGUAGES;

export const DICTIONARIES: Record<Language, Record<Key, string>> = { en, "zh-Hant": zhHant, "zh-Hans": zhHans };

/** What the placeholders of a text become. */
export type Values = Readonly<Record<string, string | number>>;

/** The text of `key` with its placeholders filled in. */
export function translate(language: Language, key: Key, values: Values = {}): string {
  return fill(DICTIONARIES[language][key], values);
}

/** A text with its placeholders filled in. */
export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The best of our languages for a browser's list, such as ["zh-HK", "en"]. */
export function languageFor(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const locale = localeOf(tag);
    if (!locale) continue;
    if (locale.language === "zh" || locale.language === "yue") return locale.script === "Hans" ? "zh-Hans" : "zh-Hant";
    if (locale.language === "en") return "en";
  }
  return "en";
}

/** Nothing for what is no language tag: WebKitGTK under LANG=C prefers "c". */
function localeOf(tag: string): Intl.Locale | undefined {
  try {
    return new Intl.Locale(tag).maximize();
  } catch {
    return undefined;
  }
}
