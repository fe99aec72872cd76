import { expect, test, vi } from "vitest";
import { arrange, CORRECTED, NO_FILTER, ORDERS, UNSURE } from "../src/app/arrange.ts";
import { type Answered, labelOf, Session } from "../src/app/session.ts";

function answered(label: string, probability: number, rest: Partial<Answered> = {}): Answered {
  const probabilities = Float32Array.of(probability, 1 - probability);
  return {
    probabilities,
    label,
    probability,
    band: "sure",
    abstained: false,
    isNamed: !rest.abstained,
    width: 1,
    height: 1,
    ms: 1,
    ...rest,
  };
}

/** Five photos: two cats, a dog, one on which the model abstained, one that is still waiting. */
function filled(): Session {
  const session = new Session();
  const paths = ["b/cat 10.jpg", "a/Cat 2.jpg", "dog.jpg", "blur.jpg", "late.jpg"];
  session.add(paths.map((path) => ({ file: new File(["x"], path.split("/").at(-1)!), path })));
  for (let i = 0; i < 4; i++) session.take();
  session.answer(0, answered("cat", 0.9));
  session.answer(1, answered("cat", 0.97));
  session.answer(2, answered("dog", 0.7, { band: "perhaps" }));
  session.answer(3, answered("dog", 0.5, { band: "perhaps", abstained: true }));
  return session;
}

test("photos wait, are worked on, answered or refused, and the counts follow", () => {
  const session = filled();
  expect(session.counts).toEqual({ waiting: 1, working: 0, answered: 4, refused: 0, total: 5 });
  expect(session.take()).toMatchObject({ id: 4, state: "working", name: "late.jpg" });
  expect(session.take()).toBeUndefined();
  session.refuse(4, { reason: "truncated", message: "It ends early." });
  expect(session.counts).toMatchObject({ working: 0, refused: 1, total: 5 });
  expect([...session.view]).toEqual([0, 1, 2, 3]);
});

test("the orders sort by what they say, and photos without an answer come last", () => {
  const session = filled();
  const sorted = Object.fromEntries(ORDERS.map((order) => [order, arrange(session.all(), NO_FILTER, order)]));
  expect(sorted).toEqual({
    added: [0, 1, 2, 3, 4],
    name: [1, 0, 3, 2, 4],
    class: [1, 0, 2, 3, 4],
    surest: [1, 0, 2, 3, 4],
    unsurest: [3, 2, 0, 1, 4],
  });
  session.add(["zz10.jpg", "zz9.jpg"].map((path) => ({ file: new File([""], path), path })));
  expect(arrange(session.all(), { ...NO_FILTER, text: "ZZ" }, "name")).toEqual([6, 5]); // 9 before 10
});

test("the filters ask for the label that counts, the band, and a part of the path", () => {
  const session = filled();
  const shown = (change: Parameters<Session["show"]>[0]) => {
    session.show({ ...NO_FILTER, ...change });
    return [...session.view];
  };
  expect(shown({ label: "cat" })).toEqual([0, 1]);
  expect(shown({ label: "dog" })).toEqual([2]); // what it abstained on is no dog
  expect(shown({ band: "perhaps" })).toEqual([2]);
  expect(shown({ band: UNSURE })).toEqual([3]);
  expect(shown({ label: UNSURE })).toEqual([3]);
  expect(shown({ text: " CAT 1 " })).toEqual([0]);
  expect(shown({ text: "a/" })).toEqual([1]);
  session.correct([3], "cat");
  expect(shown({ label: "cat" })).toEqual([0, 1, 3]);
  expect(shown({ band: CORRECTED })).toEqual([3]);
  expect(Object.fromEntries(session.labels)).toEqual({ cat: 3, dog: 1 });
});

test("a label by hand comes before the model's, and can be taken back", () => {
  const session = filled();
  session.correct([2, 3, 4, 99], "cat"); // 4 has no answer yet, 99 is not there
  expect([0, 2, 3, 4].map((id) => labelOf(session.get(id)!))).toEqual(["cat", "cat", "cat", undefined]);
  session.correct([2], undefined);
  expect(session.get(2)).not.toHaveProperty("corrected");
});

test("selection: one, a range as it is shown, all that is shown", () => {
  const session = filled();
  session.show({ order: "unsurest" }); // 3 2 0 1 4
  session.toggle(2);
  session.selectTo(1);
  expect([...session.selected].sort()).toEqual([0, 1, 2]);
  session.toggle(0);
  expect(session.selected.has(0)).toBe(false);
  session.show({ label: "cat" });
  session.selectNone();
  session.selectAll();
  expect([...session.selected].sort()).toEqual([0, 1]);
  session.drop(new Set(session.selected));
  expect(session.selected.size).toBe(0);
  expect(session.counts.total).toBe(3);
});

test("cancelling drops what has no answer; an answer that comes late changes nothing", () => {
  const session = filled();
  session.take();
  session.dropWaiting();
  session.answer(4, answered("cat", 1));
  expect(session.counts).toEqual({ waiting: 0, working: 0, answered: 4, refused: 0, total: 4 });
});

test("another model starts all photos again, without the old one's labels", () => {
  const session = filled();
  session.correct([0], "dog");
  session.show({ label: "dog" });
  session.reset();
  expect(session.counts).toEqual({ waiting: 5, working: 0, answered: 0, refused: 0, total: 5 });
  expect(session.filter).toEqual(NO_FILTER);
  expect(session.take()).toEqual(expect.not.objectContaining({ corrected: "dog" }));
});

test("listeners hear each change until they leave", () => {
  const session = new Session();
  const heard = vi.fn();
  const leave = session.subscribe(heard);
  session.add([]);
  leave();
  session.add([]);
  expect(heard).toHaveBeenCalledTimes(1);
});

test("photos in doubt wait again before the others, and keep what was corrected by hand", () => {
  const session = filled();
  session.take(); // the last one is under way
  session.add([{ file: new File(["x"], "new.jpg"), path: "new.jpg" }]);
  session.correct([1], "dog");
  session.again(new Set([1, 3]));
  expect(session.counts).toEqual({ waiting: 4, working: 0, answered: 2, refused: 0, total: 6 });
  expect(session.get(1)).toMatchObject({ state: "waiting", corrected: "dog" });
  expect(session.get(1)?.answer).toBeUndefined();
  expect([1, 2, 3, 4].map(() => session.take()?.id)).toEqual([1, 3, 4, 5]);
  session.answer(1, answered("cat", 0.9));
  expect(labelOf(session.get(1)!)).toBe("dog");
});
