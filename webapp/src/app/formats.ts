/** Numbers as a language writes them. Making a format is slow and the page writes thousands, so each is made once. */

const made = new Map<string, Intl.NumberFormat>();

export function numberFormat(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language} ${JSON.stringify(options)}`;
  const format = made.get(key) ?? new Intl.NumberFormat(language, options);
  made.set(key, format);
  return format;
}

/** "97%" as the language writes it; never 100% for what isn't certain. */
export function percent(probability: number, language: string): string {
  const shown = probability < 1 ? Math.min(probability, 0.994) : 1;
  return numberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(shown);
}
