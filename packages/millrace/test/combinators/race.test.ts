import { any, asyncFn, join, mpsc, pending, race, ready, Semaphore, sleep, spawn } from "millrace";
import { step } from "millrace/testing";
import { describe, expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { caught } from "../sync/outcome.ts";
import { Probe } from "../probe.ts";

const after = (ms: number) => sleep(ms).map(() => ms);
const fails = asyncFn(function* (ms: number, message: string) {
  yield* sleep(ms);
  throw new Error(message);
});

describe("race", () => {
  inBothStyles("the first to settle wins and the rest are abandoned", function* ({ clock }) {
    const [a, b] = [new Probe<number>(), new Probe<number>()];
    const won: number | string = yield* get(
      race(
        a,
        after(10),
        b,
        sleep(20).map(() => "late"),
      ),
    );
    expect([won, clock.now(), a.drops, b.drops]).toEqual([10, 10, 1, 1]);
  });

  inBothStyles("a failure wins as well", function* ({ clock }) {
    const end = yield* get(race(after(10), fails(5, "first")).settled());
    expect(end).toMatchObject({ status: "rejected", reason: { message: "first" } });
    expect(clock.now()).toBe(5);
  });

  inBothStyles("values and promises may race", function* () {
    expect(yield* get(race(pending(), "value"))).toBe("value");
    expect(yield* get(race(pending(), Promise.resolve("promise")))).toBe("promise");
  });

  inBothStyles("a race of nothing rejects instead of waiting for ever", function* () {
    const error = yield* caught(race());
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).stack).toContain("race.test.ts");
  });

  inBothStyles("a loser has consumed nothing", function* () {
    const [tx, rx] = mpsc.channel<number>(4);
    const limit = new Semaphore(1);
    const held = yield* get(limit.acquire());
    yield* get(race(rx.recv(), limit.acquire(), sleep(1)));
    tx.trySend(1);
    held.release();
    expect([rx.size, limit.availablePermits]).toEqual([1, 1]);
    const both = step(race(rx.recv(), limit.acquire()));
    expect(both.poll()).toBe(1);
    expect([rx.size, limit.availablePermits]).toEqual([0, 1]);
  });

  inBothStyles("a woken loser passes its message on", function* () {
    const [tx, rx] = mpsc.channel<number>(4);
    const stop = new Probe<string>();
    const racing = step(race(stop, rx.recv()));
    racing.poll();
    // Both come at once; the message was assigned to the racing recv, which has not run yet.
    tx.trySend(1);
    stop.resolve("stop");
    const won = racing.poll();
    const rest = won === "stop" ? rx.tryRecv() : { ok: true, value: won };
    expect(rest).toEqual({ ok: true, value: 1 });
    yield* get(ready(0));
  });
});

describe("any", () => {
  inBothStyles("the first to succeed wins; failures before it do not matter", function* ({ clock }) {
    const loser = new Probe<number>();
    expect(yield* get(any(fails(1, "a"), after(10), loser, fails(5, "b")))).toBe(10);
    expect([clock.now(), loser.drops]).toEqual([10, 1]);
  });

  inBothStyles("if all fail, an AggregateError has their errors in argument order", function* () {
    const end = yield* get(any(fails(3, "a"), fails(1, "b"), Promise.reject(new Error("c"))).settled());
    const { reason } = end as { reason: AggregateError };
    expect(reason).toBeInstanceOf(AggregateError);
    expect(reason.errors.map(({ message }: Error) => message)).toEqual(["a", "b", "c"]);
  });

  inBothStyles("one failure alone is an AggregateError, too", function* () {
    const end = yield* get(any(fails(1, "a")).settled());
    expect((end as { reason: AggregateError }).reason.errors).toHaveLength(1);
  });

  inBothStyles("any of nothing rejects with an empty AggregateError", function* () {
    const error = yield* caught(any());
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toEqual([]);
    expect((error as AggregateError).stack).toContain("race.test.ts");
  });

  inBothStyles("a task that loses goes on", function* ({ clock }) {
    const task = spawn(after(30));
    expect(yield* get(any(task, after(10)))).toBe(10);
    expect(yield* get(join(task))).toEqual([30]);
    expect(clock.now()).toBe(30);
  });
});
