import { Barrier, FutureConsumedError, PENDING, spawn, yieldNow } from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { expectMisuse } from "./outcome.ts";

inBothStyles(
  "BAR-03 ten rounds of a hundred have one leader each, and nobody is a round ahead",
  function* ({ body }) {
    const barrier = new Barrier(100);
    const leaders = Array.from({ length: 10 }, () => 0);
    const arrived = Array.from({ length: 10 }, () => 0);
    const tasks = Array.from({ length: 100 }, () =>
      spawn(
        body(function* () {
          for (let round = 0; round < 10; round++) {
            arrived[round]!++;
            const { isLeader } = yield* get(barrier.wait());
            expect(arrived[round]).toBe(100);
            if (isLeader) leaders[round]!++;
            yield* get(yieldNow());
          }
        }),
      ),
    );
    for (const task of tasks) yield* get(task);
    expect(leaders).toEqual(Array.from({ length: 10 }, () => 1));
  },
);

test("the last to arrive leads and wakes the others, once", () => {
  const barrier = new Barrier(3);
  const all = [1, 2, 3].map(() => step(barrier.wait()));
  expect(all.map((stepper) => stepper.poll())).toEqual([PENDING, PENDING, { isLeader: true }]);
  expect(all.map(({ wakeCount }) => wakeCount)).toEqual([1, 1, 0]);
  expect([all[0]!.poll(), all[1]!.poll()]).toEqual([{ isLeader: false }, { isLeader: false }]);
});

test("parties of 0 act as 1: everybody leads at once", () => {
  for (const parties of [0, 1]) {
    const barrier = new Barrier(parties);
    expect([step(barrier.wait()).poll(), step(barrier.wait()).poll()]).toEqual([
      { isLeader: true },
      { isLeader: true },
    ]);
  }
  for (const parties of [-1, 1.5, NaN, Infinity]) expectMisuse(RangeError, () => new Barrier(parties));
});

test("an abandoned wait is withdrawn: the barrier then needs another party", () => {
  const barrier = new Barrier(3);
  const [gone, stays, never] = [step(barrier.wait()), step(barrier.wait()), step(barrier.wait())];
  never.drop();
  gone.poll();
  stays.poll();
  gone.drop();
  const third = step(barrier.wait());
  expect([third.poll(), stays.isWoken]).toEqual([PENDING, false]);
  expect(step(barrier.wait()).poll()).toEqual({ isLeader: true });
  expect([gone.wakeCount, stays.wakeCount, third.wakeCount]).toEqual([0, 1, 1]);
});

test("one abandoned after the last came changes nothing for the next round", () => {
  const barrier = new Barrier(2);
  const first = step(barrier.wait());
  first.poll();
  expect(step(barrier.wait()).poll()).toEqual({ isLeader: true });
  first.drop();
  expect(step(barrier.wait()).poll()).toBe(PENDING);
});

test("one that has completed cannot be polled again: it does not arrive twice", () => {
  const barrier = new Barrier(2);
  const [first, leader] = [step(barrier.wait()), step(barrier.wait())];
  first.poll();
  leader.poll();
  expect(() => leader.poll()).toThrow(FutureConsumedError);
  expect(first.poll()).toEqual({ isLeader: false });
  expect(() => first.poll()).toThrow(FutureConsumedError);
  expect([step(barrier.wait()).poll(), step(barrier.wait()).poll()]).toEqual([PENDING, { isLeader: true }]);
});
