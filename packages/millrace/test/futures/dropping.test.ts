import {
  asyncFn,
  CancelledError,
  join,
  PENDING,
  pollFn,
  race,
  select,
  sleep,
  spawn,
  type Future,
  type Poll,
} from "millrace";
import { paused, step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles, styles } from "../both-styles.ts";
import { Probe } from "../probe.ts";
import { turn } from "../turn.ts";

/** Everything that owns one future and passes abandonment on. */
const owners: Record<string, (future: Future<void>) => Future<unknown>> = {
  itself: (future) => future,
  map: (future) => future.map(() => 1),
  settled: (future) => future.settled(),
  timeout: (future) => future.timeout(1000),
  until: (future) => future.until(new AbortController().signal),
  join: (future) => join(future, sleep(1000)),
  race: (future) => race(sleep(1000), future),
  select: (future) => select({ future, late: sleep(1000) }),
  "asyncFn, await": (future) => asyncFn(async () => await future)(),
  "asyncFn, yield*": (future) =>
    asyncFn(function* () {
      yield* future;
    })(),
  "a plain asyncFn": (future) => asyncFn(() => future)(),
};

for (const [name, own] of Object.entries(owners)) {
  describe(`a future owned by ${name}`, () => {
    const isCall = name.includes("asyncFn");

    test("is not dropped when it completes", () =>
      paused(async () => {
        const probe = new Probe();
        const stepper = step(own(probe));
        stepper.poll();
        probe.resolve();
        await turn();
        stepper.poll();
        stepper.drop();
        expect(probe.drops).toBe(0);
      }));

    test("is not dropped when it fails", () =>
      paused(async () => {
        const probe = new Probe();
        const stepper = step(own(probe).settled());
        stepper.poll();
        probe.reject(new Error("failed"));
        await turn();
        stepper.poll();
        stepper.drop();
        expect(probe.drops).toBe(0);
      }));

    test("is dropped once when it is abandoned while it waits", () =>
      paused(async (clock) => {
        const probe = new Probe();
        const stepper = step(own(probe));
        stepper.poll();
        await clock.settle();
        stepper.drop();
        stepper.drop();
        await clock.settle();
        expect([probe.polls, probe.drops]).toEqual([1, 1]);
      }));

    test("is dropped once when it is abandoned after it was woken, and polled no more", () =>
      paused(async (clock) => {
        const probe = new Probe();
        const stepper = step(own(probe));
        stepper.poll();
        await clock.settle();
        probe.resolve();
        stepper.drop();
        await clock.settle();
        expect([probe.polls, probe.drops]).toEqual([1, 1]);
      }));

    // A call that never began has not touched its future: that one is still its maker's.
    test.skipIf(isCall)("is dropped once when it is abandoned before it was polled", () => {
      const probe = new Probe();
      own(probe)[Symbol.dispose]();
      expect([probe.polls, probe.drops]).toEqual([0, 1]);
    });
  });
}

for (const style of styles) {
  describe(`in a task that ${style.name === "await" ? "awaits" : "yields"}`, () => {
    test("aborting drops the pending future once and throws CancelledError there", () =>
      paused(async (clock) => {
        const probe = new Probe();
        let caught: unknown;
        const task = spawn(
          style.body(function* () {
            try {
              yield* get(probe);
            } catch (error) {
              caught = error;
              throw error;
            }
          }),
        );
        await clock.settle();
        expect(probe.drops).toBe(0);
        task.abort("enough");
        const error: unknown = await task.catch((reason: unknown) => reason);
        expect(error).toBe(caught);
        expect(caught).toBeInstanceOf(CancelledError);
        expect(caught).toMatchObject({ reason: "enough" });
        expect([probe.polls, probe.drops]).toEqual([1, 1]);
      }));

    test("aborting after the wake-up, before the task ran, drops it as well", () =>
      paused(async (clock) => {
        const probe = new Probe();
        const task = spawn(
          style.body(function* () {
            yield* get(probe);
          }),
        );
        await clock.settle();
        probe.resolve();
        task.abort();
        await expect(task).rejects.toBeInstanceOf(CancelledError);
        expect([probe.polls, probe.drops]).toEqual([1, 1]);
      }));

    test("a task aborted before it started drops the future it was given", () =>
      paused(async () => {
        const probe = new Probe();
        const task = spawn(probe);
        task.abort();
        await expect(task).rejects.toBeInstanceOf(CancelledError);
        expect([probe.polls, probe.drops]).toEqual([0, 1]);
      }));
  });
}

inBothStyles("a losing branch is dropped before the winner's waiter goes on", function* () {
  const loser = new Probe();
  yield* get(race(loser, sleep(1)));
  expect(loser.drops).toBe(1);
});

inBothStyles("using abandons a future that was never used", function* () {
  const probe = new Probe();
  {
    using held = probe;
    void held;
  }
  expect(probe.drops).toBe(1);
  expect(yield* get(probe.settled())).toMatchObject({ status: "rejected" });
});

inBothStyles("using leaves a future alone that has completed", function* () {
  const probe = new Probe<number>();
  probe.resolve(1);
  {
    using held = probe;
    expect(yield* get(held)).toBe(1);
  }
  probe[Symbol.dispose]();
  expect(probe.drops).toBe(0);
});

test("disposing leaves a future alone that somebody else owns", () =>
  paused(async () => {
    const probe = new Probe<number>();
    const joined = join(probe);
    probe[Symbol.dispose]();
    expect(probe.drops).toBe(0);
    probe.resolve(1);
    expect(await joined).toEqual([1]);
  }));

test("disposing a future that is awaited drops it, and its awaits reject with CancelledError", () =>
  paused(async () => {
    const probe = new Probe();
    const awaited = probe.then(() => "done");
    probe[Symbol.dispose]();
    probe[Symbol.dispose]();
    await expect(awaited).rejects.toBeInstanceOf(CancelledError);
    await expect(probe).rejects.toBeInstanceOf(CancelledError);
    expect(probe.drops).toBe(1);
  }));

test("a future may be disposed by its own first poll, whatever that gives", () =>
  paused(async () => {
    const failing = (): never => {
      throw new Error("after it was disposed");
    };
    const results: readonly (() => Poll<number>)[] = [() => PENDING, () => 1, failing];
    for (const result of results) {
      let drops = 0;
      const future: Future<number> = pollFn(
        () => {
          future[Symbol.dispose]();
          return result();
        },
        () => drops++,
      );
      await expect(future).rejects.toBeInstanceOf(CancelledError);
      await expect(future).rejects.toBeInstanceOf(CancelledError);
      expect(drops).toBe(1);
    }
  }));

test("a late wake-up of an abandoned future is harmless", () =>
  paused(async (clock) => {
    const probe = new Probe();
    await expect(probe.timeout(5)).rejects.toMatchObject({ name: "TimeoutError" });
    probe.wake();
    probe.resolve();
    await clock.settle();
    expect([probe.polls, probe.drops]).toEqual([2, 1]);
  }));

test("a drop that throws stops neither the winner nor the other drops, and is reported", () =>
  paused(async () => {
    const probe = new Probe();
    const bad = pollFn<void>(
      () => PENDING,
      () => {
        throw new Error("bad drop");
      },
    );
    const reports: unknown[] = [];
    const { error } = console;
    console.error = (...lines: unknown[]) => reports.push(...lines);
    try {
      expect(await select({ bad, probe, won: sleep(1).map(() => 1) })).toEqual({ key: "won", value: 1 });
    } finally {
      console.error = error;
    }
    expect(probe.drops).toBe(1);
    expect(reports.map(String).join("\n")).toContain("bad drop");
  }));
