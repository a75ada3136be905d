/** `JoinSet` and `JoinMap`. */
import {
  CancelledError,
  JoinMap,
  JoinSet,
  mpsc,
  PENDING,
  pending,
  Runtime,
  select,
  sleep,
  spawn,
  type Outcome,
} from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

const after = <T>(ms: number, value: T) => sleep(ms).map(() => value);
const failAfter = (ms: number, message: string) =>
  sleep(ms).map((): never => {
    throw new Error(message);
  });
const value = <T>(outcome: Outcome<T> | undefined): T | undefined =>
  outcome?.status === "fulfilled" ? outcome.value : undefined;

inBothStyles(
  "JS-01 size follows spawn and join; joining an empty set ends at once; a drained set is reusable",
  function* () {
    const set = new JoinSet<number>();
    expect(yield* get(set.joinNext())).toBeUndefined();
    for (let round = 0; round < 2; round++) {
      for (const ms of [30, 10, 20]) set.spawn(after(ms, ms));
      const seen: unknown[] = [];
      for (let size = 3; size > 0; size--) {
        expect(set.size).toBe(size);
        seen.push(value(yield* get(set.joinNext())));
      }
      expect(set.size).toBe(0);
      expect(seen).toEqual([10, 20, 30]);
      expect(yield* get(set.joinNext())).toBeUndefined();
    }
  },
);

test("JS-03 detachAll empties the set without stopping the tasks", () =>
  paused(async () => {
    const set = new JoinSet<void>();
    const log: number[] = [];
    for (const ms of [1, 20]) set.spawn(async () => sleep(ms).map(() => void log.push(ms)));
    await sleep(5);
    set.detachAll();
    expect(set.size).toBe(0);
    expect(await set.joinNext()).toBeUndefined();
    await sleep(50);
    expect(log).toEqual([1, 20]);
  }));

test("JS-04 disposing a set aborts every task, seen by their channels closing", () =>
  paused(async () => {
    const [tx, rx] = mpsc.channel<number>(1);
    {
      using set = new JoinSet<void>();
      for (let i = 0; i < 3; i++) {
        const mine = tx.clone();
        set.spawn(async () => {
          try {
            await pending();
          } finally {
            mine.close();
          }
        });
      }
      tx.close();
      await sleep(1);
    }
    expect(await rx.recv()).toBeUndefined();
  }));

inBothStyles(
  "JS-05 the handle that spawn returns aborts just that task; its turn is a cancelled outcome",
  function* () {
    const set = new JoinSet<number>();
    const handles = [10, 20, 30].map((ms) => set.spawn(after(ms, ms)));
    yield* get(sleep(1));
    handles[1]!.abort("only you");
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push(yield* get(set.joinNext()));
    expect(outcomes).toEqual([
      { status: "cancelled", reason: "only you", id: handles[1]!.id },
      { status: "fulfilled", value: 10, id: handles[0]!.id },
      { status: "fulfilled", value: 30, id: handles[2]!.id },
    ]);
    expect(handles.every((handle) => handle.isFinished)).toBe(true);
  },
);

for (const order of ["completion", "spawn"] as const) {
  inBothStyles(
    `JS-07 joinAll of a set in ${order} order: all values, or the first failure with the rest aborted`,
    function* ({ clock }) {
      const set = new JoinSet<number>({ order });
      for (const ms of [30, 10, 20]) set.spawn(after(ms, ms));
      expect(yield* get(set.joinAll())).toEqual(order === "spawn" ? [30, 10, 20] : [10, 20, 30]);
      expect(yield* get(set.joinAll())).toEqual([]);

      const started = clock.now();
      let cleanedUp = false;
      let finished = false;
      set.spawn(async () => {
        try {
          await sleep(1000);
          finished = true;
        } finally {
          await sleep(5);
          cleanedUp = true;
        }
        return 0;
      });
      set.spawn(failAfter(10, "first"));
      let error: unknown;
      try {
        yield* get(set.joinAll());
      } catch (caught) {
        error = caught;
      }
      expect(error).toMatchObject({ message: "first" });
      expect([finished, cleanedUp, set.size]).toEqual([false, true, 0]);
      expect(clock.now() - started).toBe(15);
    },
  );
}

inBothStyles("joinAll notices a failure that happened before it was called", function* ({ clock }) {
  const set = new JoinSet<number>({ order: "spawn" });
  set.spawn(after(1000, 1));
  set.spawn(failAfter(1, "early"));
  yield* get(sleep(5));
  const outcome = yield* get(set.joinAll().settled());
  expect(outcome).toMatchObject({ status: "rejected", reason: { message: "early" } });
  expect(clock.now()).toBe(5);
});

test("JS-08 abortAll leaves finished tasks their values and takes none out", () =>
  paused(async () => {
    const set = new JoinSet<number>();
    for (let i = 0; i < 5; i++) set.spawn(after(1, i));
    for (let i = 0; i < 5; i++) set.spawn(pending<number>());
    await sleep(2);
    set.abortAll("all");
    expect(set.size).toBe(10);
    const outcomes: Outcome<number>[] = [];
    for await (const outcome of set) outcomes.push(outcome);
    expect(outcomes).toHaveLength(10);
    expect(outcomes.filter((each) => each.status === "fulfilled").map(value)).toEqual([0, 1, 2, 3, 4]);
    expect(outcomes.filter((each) => each.status === "cancelled").map((each) => each.reason)).toEqual(
      Array.from({ length: 5 }, () => "all"),
    );
  }));

inBothStyles("JS-09 joining 1000 finished tasks lets others run, and loses none", function* ({ body }) {
  const set = new JoinSet<number>();
  for (let i = 0; i < 1000; i++) set.spawn(() => i);
  yield* get(sleep(1));
  let others = 0;
  const other = spawn(
    body(function* () {
      for (;;) {
        others++;
        yield* get(sleep(0));
      }
    }),
  );
  const seen = new Set<number>();
  for (;;) {
    const outcome = yield* get(set.joinNext());
    if (outcome === undefined) break;
    seen.add(value(outcome)!);
  }
  expect(seen.size).toBe(1000);
  expect(others).toBeGreaterThan(0);
  other.abort();
});

inBothStyles("JS-10 tryJoinNext takes 1000 finished tasks without waiting, and then none", function* () {
  const set = new JoinSet<number>();
  const spawned = new Set<number>();
  for (let i = 0; i < 1000; i++) spawned.add(set.spawn(() => i).id);
  expect(set.tryJoinNext()).toBeUndefined();
  yield* get(sleep(1));
  const ids = new Set<number>();
  for (let each = set.tryJoinNext(); each !== undefined; each = set.tryJoinNext()) ids.add(each.id);
  expect(ids).toEqual(spawned);
  expect(set.size).toBe(0);
});

inBothStyles("joinNext that loses a select has taken nothing", function* () {
  const set = new JoinSet<string>();
  set.spawn(after(10, "kept"));
  for (let i = 0; i < 3; i++)
    expect((yield* get(select({ next: set.joinNext(), tick: sleep(1) }))).key).toBe("tick");
  expect(set.size).toBe(1);
  expect(value(yield* get(set.joinNext()))).toBe("kept");
});

test("a join that was granted a result and then dropped passes it on", () =>
  paused(async () => {
    const set = new JoinSet<number>();
    set.spawn(after(1, 1));
    const first = step(set.joinNext());
    const second = step(set.joinNext());
    expect([first.poll(), second.poll()]).toEqual([PENDING, PENDING]);
    await sleep(2);
    expect([first.isWoken, second.isWoken]).toEqual([true, false]);
    first.drop();
    expect(second.isWoken).toBe(true);
    expect(second.poll()).toMatchObject({ value: 1 });
  }));

for (const order of ["completion", "spawn"] as const) {
  test(`a join that was granted a result of a set (${order}) that is then emptied ends, and confuses nobody`, () =>
    paused(async () => {
      const set = new JoinSet<number>({ order });
      set.spawn(after(1, 1));
      const granted = step(set.joinNext());
      expect(granted.poll()).toBe(PENDING);
      await sleep(2);
      expect(granted.isWoken).toBe(true);
      set.detachAll();
      set.spawn(after(1, 2));
      expect(granted.poll()).toBeUndefined();
      expect(set.size).toBe(1);
      expect(value(await set.joinNext())).toBe(2);
      // … also when it is dropped instead.
      set.spawn(after(1, 3));
      const dropped = step(set.joinNext());
      dropped.poll();
      await sleep(2);
      set.detachAll();
      set.spawn(after(1, 4));
      dropped.drop();
      expect(set.tryJoinNext()).toBeUndefined();
      expect(value(await set.joinNext())).toBe(4);
    }));
}

test("leaving a for await early leaves the rest in the set", () =>
  paused(async () => {
    const set = new JoinSet<number>();
    for (const ms of [1, 2, 3]) set.spawn(after(ms, ms));
    for await (const outcome of set) {
      expect(value(outcome)).toBe(1);
      break;
    }
    expect(set.size).toBe(2);
    expect(await set.joinAll()).toEqual([2, 3]);
  }));

inBothStyles(
  "with a limit the tasks beyond it are held, in order; an aborted held task runs nothing",
  function* ({ body }) {
    const set = new JoinSet<number>({ limit: 2 });
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const handles = Array.from({ length: 6 }, (_, i) =>
      set.spawn(
        body(function* () {
          started.push(i);
          most = Math.max(most, ++running);
          yield* get(sleep(10));
          running--;
          return i;
        }),
      ),
    );
    expect(set.size).toBe(6);
    yield* get(sleep(1));
    expect(started).toEqual([0, 1]);
    handles[3]!.abort();
    expect(handles[3]!.isFinished).toBe(true);
    const ended: (number | undefined)[] = [];
    for (let i = 0; i < 6; i++) ended.push(value(yield* get(set.joinNext())));
    expect(started).toEqual([0, 1, 2, 4, 5]);
    expect(most).toBe(2);
    expect(ended).toEqual([undefined, 0, 1, 2, 4, 5]);
  },
);

test("shutdown aborts all, held ones too, waits for their cleanup, and ignores failures", async () => {
  const failures: unknown[] = [];
  await paused(
    async (clock) => {
      const set = new JoinSet<void>({ limit: 1 });
      set.spawn(async () => {
        try {
          await pending();
        } finally {
          await sleep(7);
          await Promise.reject(new Error("ignored"));
        }
      });
      set.spawn(async () => {
        throw new Error("never runs");
      });
      await sleep(1);
      await set.shutdown();
      expect(clock.now()).toBe(8);
      expect(set.size).toBe(0);
    },
    { onTaskFailure: ({ error }) => failures.push(error) },
  );
  expect(failures).toEqual([]);
});

test("await using waits for the cleanup of every task", () =>
  paused(async (clock) => {
    {
      await using set = new JoinSet<void>();
      for (const ms of [5, 9]) {
        set.spawn(async () => {
          try {
            await pending();
          } finally {
            await sleep(ms);
          }
        });
      }
      await sleep(1);
    }
    expect(clock.now()).toBe(10);
  }));

test("a failure that is joined is observed; one left in a disposed set, or in one that is never touched again, is reported", async () => {
  const failures: string[] = [];
  const onTaskFailure = ({ error }: { error: unknown }) => void failures.push((error as Error).message);
  await paused(
    async () => {
      const joined = new JoinSet<never>();
      joined.spawn(failAfter(1, "joined"));
      expect(await joined.joinNext()).toMatchObject({ status: "rejected" });
      {
        using disposed = new JoinSet<never>();
        disposed.spawn(failAfter(1, "disposed"));
        await sleep(2);
        expect(failures).toEqual([]);
      }
      expect(failures).toEqual(["disposed"]);
      const forgotten = new JoinSet<never>();
      forgotten.spawn(failAfter(1, "forgotten"));
      await sleep(2);
    },
    { onTaskFailure },
  );
  expect(failures).toEqual(["disposed", "forgotten"]);
});

test("JQ-01 in spawn order results come as spawned, though completion is reversed", () =>
  paused(async () => {
    const set = new JoinSet<number>({ order: "spawn" });
    for (const ms of [30, 20, 10]) set.spawn(after(ms, ms));
    const seen: unknown[] = [];
    for await (const outcome of set) seen.push(value(outcome));
    expect(seen).toEqual([30, 20, 10]);
  }));

test("JQ-02 tryJoinNext gives nothing while the head is unfinished, as often as it is asked", () =>
  paused(async () => {
    const set = new JoinSet<number>({ order: "spawn" });
    for (const ms of [30, 20, 10]) set.spawn(after(ms, ms));
    await sleep(25);
    for (let i = 0; i < 3; i++) expect(set.tryJoinNext()).toBeUndefined();
    expect(set.size).toBe(3);
    await sleep(10);
    expect([set.tryJoinNext(), set.tryJoinNext(), set.tryJoinNext()].map(value)).toEqual([30, 20, 10]);
  }));

test("JQ-03 tryJoinNext does not steal the turn of a pending joinNext, and ignores the budget", () =>
  paused(async () => {
    const set = new JoinSet<number>({ order: "spawn" });
    for (let i = 0; i < 300; i++) set.spawn(after(1, i));
    const waiting = step(set.joinNext());
    expect(waiting.poll()).toBe(PENDING);
    expect(set.tryJoinNext()).toBeUndefined();
    await sleep(2);
    expect(waiting.isWoken).toBe(true);
    let taken = 0;
    while (set.tryJoinNext() !== undefined) taken++;
    expect(taken).toBe(299);
    expect(waiting.poll()).toMatchObject({ status: "fulfilled" });
    expect(set.size).toBe(0);
  }));

test("JQ-04 a joiner in spawn order is woken only when the head completes", () =>
  paused(async () => {
    const set = new JoinSet<number>({ order: "spawn" });
    for (const ms of [30, 10, 20]) set.spawn(after(ms, ms));
    const joiner = step(set.joinNext());
    joiner.poll();
    await sleep(25);
    expect(joiner.wakeCount).toBe(0);
    await sleep(10);
    expect(joiner.wakeCount).toBe(1);
    expect(joiner.poll()).toMatchObject({ value: 30 });
  }));

test.each([{ limit: 0 }, { limit: -1 }, { limit: 1.5 }, { order: "random" as never }])(
  "a set with %o is a RangeError at the caller's line",
  (options) => {
    expect(() => new JoinSet(options)).toThrow(RangeError);
  },
);

inBothStyles(
  "JM-01 results come with their keys; spawning on a live key replaces the task, whose result never appears",
  function* () {
    const map = new JoinMap<string, string>();
    map.spawn("a", after(10, "old"));
    map.spawn("b", after(20, "b"));
    const finished = new JoinMap<string, string>();
    finished.spawn("a", after(1, "old"));
    yield* get(sleep(5));
    map.spawn("a", after(30, "new"));
    finished.spawn("a", after(1, "new"));
    expect([map.size, finished.size]).toEqual([2, 1]);
    expect(yield* get(map.joinNext())).toEqual({ status: "fulfilled", value: "b", key: "b" });
    expect(yield* get(map.joinNext())).toEqual({ status: "fulfilled", value: "new", key: "a" });
    expect(yield* get(map.joinNext())).toBeUndefined();
    expect(yield* get(finished.joinNext())).toEqual({ status: "fulfilled", value: "new", key: "a" });
    expect(yield* get(finished.joinNext())).toBeUndefined();
  },
);

inBothStyles("JM-02 aborted entries are joined as cancelled with their key, and are then gone", function* () {
  const map = new JoinMap<number, void>();
  for (const key of [1, 2, 3]) map.spawn(key, pending<void>());
  yield* get(sleep(1));
  expect(map.abort(2)).toBe(true);
  expect(map.abort(9)).toBe(false);
  expect(map.has(2)).toBe(true);
  expect(yield* get(map.joinNext())).toEqual({ status: "cancelled", reason: undefined, key: 2 });
  expect([map.has(2), map.abort(2), map.size]).toEqual([false, false, 2]);
  map.abortAll("all");
  expect([...map.keys()]).toEqual([1, 3]);
  expect(yield* get(map.joinNext())).toEqual({ status: "cancelled", reason: "all", key: 1 });
  expect(yield* get(map.joinNext())).toEqual({ status: "cancelled", reason: "all", key: 3 });
  expect(yield* get(map.joinNext())).toBeUndefined();
});

test("JM-03 keys are those of current entries; disposing aborts; on a runtime that is gone entries are cancelled", async () => {
  const drops: string[] = [];
  let map!: JoinMap<string, void>;
  const runtime = new Runtime({ clock: "paused" });
  await runtime.run(async () => {
    map = new JoinMap<string, void>();
    for (const key of ["x", "y"]) {
      map.spawn(key, async () => {
        try {
          await pending();
        } finally {
          drops.push(key);
        }
      });
    }
    await sleep(1);
    expect([...map.keys()]).toEqual(["x", "y"]);
    map[Symbol.dispose]();
    expect([map.size, ...map.keys()]).toEqual([0]);
    await sleep(1);
    expect(drops).toEqual(["x", "y"]);
  });
  await runtime.shutdown();
  const handle = runtime.spawn(async () => {});
  await expect(handle).rejects.toBeInstanceOf(CancelledError);
});

test("JM-03 joining 1000 entries lets others run", () =>
  paused(async () => {
    const map = new JoinMap<number, number>();
    for (let i = 0; i < 1000; i++) map.spawn(i, () => i);
    await sleep(1);
    const before = Runtime.current().metrics().forcedYields;
    const keys = new Set<number>();
    for (let each = await map.joinNext(); each !== undefined; each = await map.joinNext()) keys.add(each.key);
    expect(keys.size).toBe(1000);
    expect(Runtime.current().metrics().forcedYields).toBeGreaterThan(before);
  }));

test("a replaced task's cleanup failure is reported; undefined is a key like any other", async () => {
  const failures: string[] = [];
  await paused(
    async () => {
      const map = new JoinMap<string | undefined, number>();
      map.spawn(undefined, async () => {
        try {
          await pending();
        } finally {
          await Promise.reject(new Error("replaced"));
        }
        return 0;
      });
      await sleep(1);
      map.spawn(undefined, () => 1);
      expect(await map.joinNext()).toEqual({ status: "fulfilled", value: 1, key: undefined });
      await sleep(1);
      expect(failures).toEqual(["replaced"]);
      await map.shutdown();
    },
    { onTaskFailure: ({ error }) => void failures.push((error as Error).message) },
  );
  expect(failures).toEqual(["replaced"]);
});

test("a map's shutdown waits for the cleanup of replaced tasks as well", () =>
  paused(async (clock) => {
    const map = new JoinMap<string, void>();
    const slow = async () => {
      try {
        await pending();
      } finally {
        await sleep(20);
      }
    };
    map.spawn("a", slow);
    await sleep(1);
    map.spawn("a", slow);
    await sleep(5);
    await map.shutdown();
    expect(clock.now()).toBe(26);
    map.spawn("b", slow);
    await sleep(1);
    map.spawn("b", pending<void>());
    await map[Symbol.asyncDispose]();
    expect(clock.now()).toBe(47);
  }));
