import fc from "fast-check";
import { expect, test } from "vitest";
import { Ring } from "../../src/internal/ring.ts";
import { randomPrograms } from "../random-programs.ts";

test("an empty ring gives undefined and has no storage", () => {
  const ring = new Ring<number>();
  expect([ring.length, ring.shift(), ring.peek(), ring.get(0), ring.capacity]).toEqual([
    0,
    undefined,
    undefined,
    undefined,
    0,
  ]);
});

test("elements come out in the order in which they went in, across growth and wrap-around", () => {
  const ring = new Ring<number>();
  let pushed = 0;
  let shifted = 0;
  for (let round = 0; round < 50; round++) {
    for (let count = 0; count < round; count++) ring.push(pushed++);
    for (let count = 0; count < round / 2; count++) expect(ring.shift()).toBe(shifted++);
  }
  expect([...ring]).toEqual(Array.from({ length: pushed - shifted }, (_, at) => shifted + at));
});

test("undefined is an element like any other", () => {
  const ring = new Ring<string | undefined>();
  ring.push(undefined);
  ring.push("second");
  expect([...ring]).toEqual([undefined, "second"]);
  expect([ring.shift(), ring.length, ring.shift(), ring.length]).toEqual([undefined, 1, "second", 0]);
});

test("get is undefined outside of the ring, full or not", () => {
  const ring = new Ring<number>();
  ring.push(0);
  expect([-1, 0, 1, 16, 17].map((at) => ring.get(at))).toEqual([
    undefined,
    0,
    undefined,
    undefined,
    undefined,
  ]);
  while (ring.length < ring.capacity) ring.push(ring.length);
  expect([-1, 0, 15, 16].map((at) => ring.get(at))).toEqual([undefined, 0, 15, undefined]);
});

test("storage goes back to its floor once a burst is drained", () => {
  const ring = new Ring<number>();
  for (let value = 0; value < 100_000; value++) ring.push(value);
  expect(ring.capacity).toBe(131_072);
  while (ring.length > 0) ring.shift();
  expect(ring.capacity).toBe(16);
});

test("a ring that stays half full is not resized again and again", () => {
  const ring = new Ring<number>();
  for (let value = 0; value < 64; value++) ring.push(value);
  for (let round = 0; round < 20; round++) {
    for (let count = 0; count < 32; count++) ring.shift();
    expect(ring.capacity).toBe(64);
    for (let count = 0; count < 32; count++) ring.push(count);
    expect(ring.capacity).toBe(64);
  }
});

test.skipIf(globalThis.gc === undefined)("what was shifted or cleared is not held", async () => {
  const ring = new Ring<object>();
  // In a function of its own, so that no local variable holds the last one.
  const pushOne = (): WeakRef<object> => {
    const value = {};
    ring.push(value);
    return new WeakRef(value);
  };
  const pushed = Array.from({ length: 20 }, pushOne);
  const held = async (): Promise<boolean[]> => {
    // A WeakRef keeps its target until the current job has ended.
    await new Promise((resolve) => setTimeout(resolve));
    globalThis.gc!();
    return pushed.map((value) => value.deref() !== undefined);
  };
  for (let count = 0; count < 10; count++) ring.shift();
  expect(await held()).toEqual(pushed.map((_, at) => at >= 10));
  ring.clear();
  expect(await held()).toEqual(pushed.map(() => false));
});

test("a ring does what an array does", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("push" as const), count: fc.integer({ min: 1, max: 70 }) }),
    fc.record({ do: fc.constant("shift" as const), count: fc.integer({ min: 1, max: 70 }) }),
    fc.record({ do: fc.constant("takeAt" as const), count: fc.integer({ min: 1, max: 70 }) }),
    { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), count: fc.constant(0) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (program) => {
      const ring = new Ring<number>();
      const model: number[] = [];
      let next = 0;
      for (const todo of program) {
        for (let count = 0; count < todo.count; count++) {
          if (todo.do === "shift") expect(ring.shift()).toBe(model.shift());
          else if (todo.do === "takeAt") expect(ring.takeAt(count)).toBe(model.splice(count, 1)[0]);
          else {
            ring.push(next);
            model.push(next++);
          }
        }
        if (todo.do === "clear") {
          ring.clear();
          model.length = 0;
        }
        expect(ring.length).toBe(model.length);
        expect(ring.peek()).toBe(model[0]);
        expect(ring.get(model.length >> 1)).toBe(model[model.length >> 1]);
        expect([...ring]).toEqual(model);
        expect(ring.capacity).toBeLessThanOrEqual(Math.max(16, model.length * 4));
      }
    }),
    randomPrograms(),
  );
});
