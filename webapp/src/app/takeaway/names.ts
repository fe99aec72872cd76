/** Names of folders and files that every system takes, and no name twice. */

const MOST = 100; // characters of a folder's name
const FORBIDDEN = /[\u0000-\u001f\u007f<>:"/\\|?*]/g; // on Windows, which has the longest list
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/** A folder for each label id: the id itself where that is a safe name, so that the folders can go back into training. */
export function folderNames(ids: readonly string[]): Map<string, string> {
  const taken = new Names();
  return new Map(ids.map((id) => [id, taken.next(safe(id))]));
}

/** A name that no system refuses, and that hides nothing. */
export function safe(name: string): string {
  const shown = name.normalize("NFC").replace(FORBIDDEN, "_").slice(0, MOST);
  const trimmed = shown.replace(/[\s.]+$/, "").replace(/^[\s.]+/, "");
  return trimmed === "" ? "_" : trimmed.replace(RESERVED, "_$1");
}

/** Hands out names that differ, also where upper and lower case are the same. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #tried = new Map<string, number>(); // wanted name → the last number that it was tried with

  /** `wanted`, or "wanted (2).jpg" where that is taken. */
  next(wanted: string): string {
    const [stem, suffix] = split(wanted);
    let name = wanted;
    let i = this.#tried.get(wanted) ?? 1;
    while (!this.#isNew(name)) name = `${stem} (${++i})${suffix}`;
    this.#tried.set(wanted, i);
    return name;
  }

  #isNew(name: string): boolean {
    const key = name.normalize("NFC").toLowerCase();
    if (this.#taken.has(key)) return false;
    this.#taken.add(key);
    return true;
  }
}

function split(name: string): [string, string] {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
}
