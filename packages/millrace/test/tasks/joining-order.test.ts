/** Several who join the same set at once. */
import { joinAll, JoinSet, joinSettled, now, PENDING, sleep, yieldNow } from "millrace";
import { step } from "millrace/testing";
import { expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

const valueOf = (outcome: unknown): unknown => (outcome as { value: unknown }).value;

for (const order of ["completion", "spawn"] as const) {
  inBothStyles(`what is joined together comes in the order of ${order}`, function* () {
    const set = new JoinSet<number>({ order });
    for (const n of [1, 2, 3]) set.spawn(sleep(5).map(() => n));
    const joined = yield* get(joinAll([set.joinNext(), set.joinNext(), set.joinNext()]));
    expect(joined.map(valueOf)).toEqual([1, 2, 3]);
  });
}

inBothStyles("JS-07: everybody who joins all of a set hears of its failure", function* () {
  const set = new JoinSet<number>();
  const boom = new Error("boom");
  set.spawn(
    sleep(5).map(() => {
      throw boom;
    }),
  );
  set.spawn(sleep(50).map(() => 1));
  const outcomes = yield* get(joinSettled(set.joinAll(), set.joinAll()));
  expect(outcomes).toEqual([
    { status: "rejected", reason: boom },
    { status: "rejected", reason: boom },
  ]);
  expect([now(), set.size]).toEqual([5, 0]);
});

inBothStyles("who waited longer joins the earlier task, also after the set was emptied", function* () {
  const set = new JoinSet<number>();
  const [void1, void2] = [step(set.joinNext()), step(set.joinNext())];
  for (const n of [1, 2]) set.spawn(sleep(5).map(() => n));
  expect([void1.poll(), void2.poll()]).toEqual([PENDING, PENDING]);
  yield* get(sleep(5));
  yield* get(yieldNow());
  // Both were granted one; nobody has taken it.
  set.detachAll();
  expect([void1.poll(), void2.poll()]).toEqual([undefined, undefined]);

  for (const n of [3, 4]) set.spawn(sleep(5).map(() => n));
  const [first, second] = [step(set.joinNext()), step(set.joinNext())];
  expect([first.poll(), second.poll()]).toEqual([PENDING, PENDING]);
  yield* get(sleep(5));
  yield* get(yieldNow());
  expect([second.poll(), first.poll()].map(valueOf)).toEqual([4, 3]);
  expect(set.size).toBe(0);
});
