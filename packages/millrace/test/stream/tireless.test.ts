/**
 * Sources that are always ready and have nothing to give: they use up the budget in every turn. Time passes
 * while they work.
 */
import { now, TimeoutError } from "millrace";
import { Stream } from "millrace/stream";
import type { TestClock } from "millrace/testing";
import { expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

/** For 100 ms. */
function* busy(clock: TestClock): Generator<number> {
  for (let i = 0; clock.now() < 100; i++) {
    if (i % 4096 === 0) clock.jump(1);
    yield i;
  }
}
const idle = (clock: TestClock): Stream<number> => Stream.from(busy(clock)).filter(() => false);

inBothStyles("STR-09 a source that is busy without an item is timed out", function* ({ clock }) {
  const outcome = yield* get(idle(clock).timeout(20).collect().settled());
  expect(outcome).toMatchObject({ reason: expect.any(TimeoutError) });
  expect(now()).toBeLessThan(30);
});

inBothStyles("STR-11 a partial chunk comes in time from a source that is busy", function* ({ clock }) {
  const few = Stream.from(busy(clock)).filter((n) => n < 3);
  expect(yield* get(few.chunksTimeout(10, 20).first())).toEqual([0, 1, 2]);
  expect(now()).toBeLessThan(30);
});

inBothStyles("STR-11 a chunk that never fills up comes in time, too", function* ({ clock }) {
  yield* get(Stream.from(busy(clock)).chunksTimeout(1e9, 20).first());
  expect(now()).toBeLessThan(30);
});

inBothStyles("debounce finds the quiet of a source that is busy", function* ({ clock }) {
  const few = Stream.from(busy(clock)).filter((n) => n < 3);
  expect(yield* get(few.debounce(20).first())).toBe(2);
  expect(now()).toBeLessThan(30);
});

inBothStyles("merge keeps nobody waiting for one that is busy (JOI-04)", function* ({ clock }) {
  expect(yield* get(idle(clock).merge(Stream.of(-1)).first())).toBe(-1);
  expect(now()).toBeLessThan(10);
});

inBothStyles("flatMapUnordered goes on with what it has while its source is busy", function* ({ clock }) {
  const one = Stream.from(busy(clock)).filter((n) => n === 0);
  expect(yield* get(one.flatMapUnordered(2, () => Stream.of("inner")).first())).toBe("inner");
  expect(now()).toBeLessThan(10);
});
