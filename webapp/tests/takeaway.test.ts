import { expect, test } from "vitest";
import type { Item } from "../src/app/session.ts";
import { folderNames, Names, safe } from "../src/app/takeaway/names.ts";
import { plan, UNSURE } from "../src/app/takeaway/plan.ts";
import { csv, json, line } from "../src/app/takeaway/table.ts";
import { zip } from "../src/app/takeaway/zip.ts";
import { parse, type Spec } from "../src/contract/spec.ts";
import { goldenSpecs } from "./golden.ts";

const minimal: Spec = parse(new Map(goldenSpecs("valid")).get("minimal")!);
const spec: Spec = {
  ...minimal,
  labels: [
    { id: "cat", names: {} },
    { id: 'a, "b"', names: {} },
  ],
};

function item(id: number, path: string, rest: Partial<Item> = {}): Item {
  const probabilities = Float32Array.of(0.9, 0.1);
  const answer = {
    probabilities,
    label: "cat",
    probability: probabilities[0]!,
    band: spec.output.bands[0]!.id,
    abstained: false,
    isNamed: true,
    width: 1,
    height: 1,
    ms: 1,
  };
  return { id, path, name: path.split("/").at(-1)!, file: new File([], path), state: "answered", answer, ...rest };
}

const refused: Item = {
  ...{ id: 9, path: "x.jpg", name: "x.jpg", file: new File([], "x.jpg") },
  ...{ state: "refused", refusal: { reason: "truncated", message: "It ends early." } },
};

async function gather(parts: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const part of parts) all += part;
  return all;
}

test("cells with commas, quotes and line breaks are quoted, others are not", () => {
  expect(line(["a", "b c", 'say "hi"', "x,y", "two\nlines", ""])).toBe('a,b c,"say ""hi""","x,y","two\nlines",\r\n');
});

test("the CSV has a row a photo, every probability, and the label by hand", async () => {
  const text = await gather(csv([item(0, "照片/a,b.jpg", { corrected: 'a, "b"' }), refused], spec, "en"));
  expect(text.startsWith("\ufeffphoto,verdict,label,label_corrected,")).toBe(true);
  const [head, first, second, end] = text.split("\r\n");
  expect(head).toContain('probability cat,"probability a, ""b"""');
  expect(first).toMatch(/^"照片\/a,b\.jpg",ok,cat,"a, ""b""",0\.899999976,/);
  expect(first!.endsWith(",0.899999976,0.100000001")).toBe(true);
  expect(second).toBe("x.jpg,truncated,,,,,,,,");
  expect(end).toBe("");
});

test("the numbers of the tables are the float32 that the model gave", async () => {
  const [record] = JSON.parse(await gather(json([item(0, "a.jpg")], spec, "en")));
  expect(Math.fround(record.probability)).toBe(Math.fround(0.9));
  expect(record).toMatchObject({ photo: "a.jpg", label: "cat", label_corrected: null, abstained: false });
});

test("JSON is valid for none, one and many", async () => {
  for (const count of [0, 1, 250]) {
    const items = Array.from({ length: count }, (_, i) => (i % 7 ? item(i, `${i}.jpg`) : refused));
    expect(JSON.parse(await gather(json(items, spec, "en")))).toHaveLength(count);
  }
});

test("names are safe on every system, and stay what they are where they can", () => {
  const names = [
    "cats",
    "猫",
    "a/b\\c",
    "..",
    ".hidden",
    "con",
    "CON.txt",
    "com1",
    "context",
    "dot.",
    "a\u0000b",
    "",
    'w:"<>|?*',
  ];
  expect(names.map(safe)).toEqual([
    ...["cats", "猫", "a_b_c", "_", "hidden", "_con", "_CON.txt", "_com1", "context", "dot", "a_b", "_", "w_______"],
  ]);
  expect(safe("x".repeat(300))).toHaveLength(100);
});

test("no folder twice, also where upper and lower case are the same", () => {
  expect([...folderNames(["Cat", "cat", "a/b", "a\\b"]).values()]).toEqual(["Cat", "cat (2)", "a_b", "a_b (2)"]);
  const names = new Names();
  expect(["a.jpg", "A.JPG", "a.jpg", "a (2).jpg"].map((name) => names.next(name))).toEqual([
    "a.jpg",
    "A (2).JPG",
    "a (3).jpg",
    "a (2) (2).jpg",
  ]);
});

test("many photos of one name take no longer than as many names", () => {
  const names = new Names();
  const all = Array.from({ length: 50_000 }, () => names.next("IMG_0001.jpg")); // 1.2 thousand million trials, each from the start
  expect([new Set(all).size, all.at(-1)]).toEqual([50_000, "IMG_0001 (50000).jpg"]);
});

test("a photo goes to the label by hand, else the model's; where it abstained, apart; refused ones nowhere", () => {
  const placed = plan(
    [
      item(0, "x/p.jpg"),
      item(1, "y/p.jpg"),
      item(2, "q.jpg", { corrected: 'a, "b"' }),
      item(3, "r.jpg", { answer: { ...item(3, "").answer!, abstained: true, isNamed: false } }),
      refused,
    ],
    spec,
  );
  expect(placed.map(({ folder, name }) => `${folder}/${name}`)).toEqual([
    "cat/p.jpg",
    "cat/p (2).jpg",
    "a, _b_/q.jpg",
    `${UNSURE}/r.jpg`,
  ]);
});

/** A file that gives other bytes than its size announces. */
class Changed extends Blob {
  override get size(): number {
    return 10;
  }
}

test.each([
  ["fewer", "short"],
  ["more", "it has become longer"],
])("an archive with %s bytes of a file than it announces is not written", async (_, text) => {
  const entries = [{ path: "a.jpg", data: new Changed([text]), modified: new Date() }];
  await expect(zip(entries, new AbortController().signal)).rejects.toThrow("a.jpg has changed while it was read");
});

test("an archive that is called off ends with the signal's reason", async () => {
  const controller = new AbortController();
  const entries = ["a", "b"].map((path) => ({ path, data: new Blob(["x"]), modified: new Date() }));
  const archive = zip(entries, controller.signal, () => controller.abort(new Error("no more")));
  await expect(archive).rejects.toThrow("no more");
});
