/**
 * Readers that turn `unknown` into a type, or throw a SpecError naming the place. `spec.ts` is written in them.
 *
 * They accept what msgspec accepts in Python: no conversions, no unknown fields, defaults for absent ones.
 */

import { SpecError } from "./errors.ts";

/** A place in the document, "$.input.size". */
type Place = { readonly path: string };
type Reader<T> = (value: unknown, place: Place) => T;
interface Optional<T> extends Reader<T> {
  readonly fallback: T;
}
/** What a reader returns. */
export type Read<R> = R extends Reader<infer T> ? T : never;

export function at(path: string): Place {
  return { path };
}

function refuse(place: Place, expected: string, value: unknown): never {
  const came = value === undefined ? "missing" : (JSON.stringify(value)?.slice(0, 60) ?? String(value));
  throw new SpecError(`${place.path} must be ${expected}, it is ${came}`);
}

/** A string that `pattern` finds, any string without one. */
export function text(pattern?: RegExp): Reader<string> {
  return (value, place) => {
    if (typeof value !== "string") return refuse(place, "a text", value);
    if (pattern && !pattern.test(value)) return refuse(place, `a text like ${pattern.source}`, value);
    return value;
  };
}

/** A number from `low` to `high`, both included. */
export function bounded(low: number, high: number): Reader<number> {
  return (value, place) => {
    if (typeof value !== "number" || !(value >= low && value <= high))
      return refuse(place, `a number from ${low} to ${high}`, value);
    return value;
  };
}

/** A whole number from `low` to `high`, both included. */
export function whole(low: number, high: number): Reader<number> {
  return (value, place) => {
    if (!Number.isSafeInteger(value) || (value as number) < low || (value as number) > high)
      return refuse(place, `a whole number from ${low} to ${high}`, value);
    return value as number;
  };
}

export function literal<const T extends string | number>(expected: T): Reader<T> {
  return oneOf([expected]);
}

export function oneOf<const T extends string | number>(choices: readonly T[]): Reader<T> {
  return (value, place) =>
    choices.find((choice) => choice === value) ??
    refuse(place, choices.map((c) => JSON.stringify(c)).join(" or "), value);
}

/** An array, of at least `least` items. */
export function list<T>(item: Reader<T>, least = 0): Reader<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value) || value.length < least) return refuse(place, `a list of ${least} or more`, value);
    return value.map((each, i) => item(each, at(`${place.path}[${i}]`)));
  };
}

export function pair<T>(item: Reader<T>): Reader<readonly [T, T]> {
  return (value, place) => tuple(item, 2, value, place) as [T, T];
}

export function triple<T>(item: Reader<T>): Reader<readonly [T, T, T]> {
  return (value, place) => tuple(item, 3, value, place) as [T, T, T];
}

function tuple<T>(item: Reader<T>, length: number, value: unknown, place: Place): readonly T[] {
  if (!Array.isArray(value) || value.length !== length) return refuse(place, `a list of ${length}`, value);
  return list(item)(value, place);
}

/** An object with any keys. */
export function dictionary<T>(item: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, place) => {
    const fields = Object.entries(plain(value, place));
    return Object.fromEntries(fields.map(([key, each]) => [key, item(each, at(`${place.path}.${key}`))]));
  };
}

export function nullable<T>(item: Reader<T>): Reader<T | null> {
  return (value, place) => (value === null ? null : item(value, place));
}

/** A field that may be absent. */
export function optional<T, const D extends T>(item: Reader<T>, fallback: D): Optional<T> {
  return Object.assign((value: unknown, place: Place) => item(value, place), { fallback: fallback as T });
}

/** An object with exactly these fields. */
export function object<const F extends Record<string, Reader<unknown>>>(
  fields: F,
): Reader<{ readonly [K in keyof F]: Read<F[K]> }> {
  return (value, place) => {
    const given = plain(value, place);
    for (const key of Object.keys(given))
      if (!Object.hasOwn(fields, key)) throw new SpecError(`${place.path} has an unknown field ${JSON.stringify(key)}`);
    const read = Object.entries(fields).map(([key, reader]) => {
      if (!Object.hasOwn(given, key) && "fallback" in reader) return [key, reader.fallback];
      return [key, reader(given[key], at(`${place.path}.${key}`))];
    });
    return Object.fromEntries(read);
  };
}

/** `reader`, then `problem`: it returns what is wrong, or undefined. */
export function check<T>(reader: Reader<T>, problem: (value: T) => string | undefined): Reader<T> {
  return (value, place) => {
    const result = reader(value, place);
    const wrong = problem(result);
    if (wrong !== undefined) throw new SpecError(`${wrong}, at ${place.path}`);
    return result;
  };
}

function plain(value: unknown, place: Place): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse(place, "an object", value);
  return value as Record<string, unknown>;
}
