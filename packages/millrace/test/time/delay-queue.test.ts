import {
  DelayQueue,
  now,
  PENDING,
  Runtime,
  select,
  sleep,
  spawn,
  yieldNow,
  type DelayKey,
  type Duration,
} from "millrace";
import { paused, step } from "millrace/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { get, inBothStyles, type Steps } from "../both-styles.ts";
import { randomPrograms } from "../random-programs.ts";
import { turn } from "../turn.ts";

/** Everything in the queue, each with the instant at which it came out. */
function* drain<T>(queue: DelayQueue<T>): Steps<[T, number][]> {
  const out: [T, number][] = [];
  for (;;) {
    const value = yield* get(queue.next());
    if (value === undefined) return out;
    out.push([value, now()]);
  }
}

describe("a delay queue", () => {
  inBothStyles("gives each value at its deadline, then ends (DQ-01)", function* () {
    const queue = new DelayQueue<string>();
    queue.insert("c", 30);
    queue.insert("a", 10);
    queue.insert("b", { milliseconds: 20 });
    queue.insertAt("b2", 20);
    expect(queue.size).toBe(4);
    expect(yield* drain(queue)).toEqual([
      ["a", 10],
      ["b", 20],
      ["b2", 20],
      ["c", 30],
    ]);
    expect(queue.size).toBe(0);
    expect(yield* get(queue.next())).toBeUndefined();
  });

  inBothStyles("is empty at once when nothing is in it", function* () {
    expect(yield* get(new DelayQueue().next())).toBeUndefined();
    expect(now()).toBe(0);
  });

  inBothStyles("gives a value inserted in the past at the next poll (DQ-02)", function* () {
    yield* get(sleep(10));
    const queue = new DelayQueue<string>();
    queue.insertAt("past", 3);
    queue.insert("now", 0);
    expect(yield* drain(queue)).toEqual([
      ["past", 10],
      ["now", 10],
    ]);
  });

  inBothStyles("wakes a pending poller for a value inserted in the past (DQ-02)", function* () {
    yield* get(sleep(10));
    const queue = new DelayQueue<string>();
    queue.insert("later", 1000);
    const next = step(queue.next());
    expect(next.poll()).toBe(PENDING);
    queue.insertAt("past", 3);
    expect(next.isWoken).toBe(true);
    expect(next.poll()).toBe("past");
  });

  inBothStyles("re-arms for a value that is inserted later and due earlier (DQ-05)", function* () {
    const queue = new DelayQueue<string>();
    queue.insert("late", 100);
    const next = spawn(queue.next().map((value) => [value, now()]));
    yield* get(sleep(5));
    queue.insert("early", 10);
    expect(yield* get(next)).toEqual(["early", 15]);
    expect(yield* drain(queue)).toEqual([["late", 100]]);
  });

  inBothStyles(
    "lets a value at a wheel boundary be removed while its sibling comes out (DQ-06)",
    function* () {
      for (const boundary of [64, 4096]) {
        const queue = new DelayQueue<string>();
        const start = now();
        queue.insertAt("first", start + boundary);
        const sibling = queue.insertAt("sibling", start + boundary);
        const last = queue.insertAt("last", start + boundary);
        expect(yield* get(queue.next())).toBe("first");
        expect(queue.remove(sibling)).toBe("sibling");
        expect(queue.remove(sibling)).toBeUndefined();
        expect(queue.peek()).toBe(last);
        expect(yield* drain(queue)).toEqual([["last", start + boundary]]);
      }
    },
  );

  inBothStyles("peeks at the next key, expired or not, without taking it (DQ-08)", function* () {
    const queue = new DelayQueue<string>();
    expect(queue.peek()).toBeUndefined();
    const late = queue.insert("late", 100);
    const early = queue.insert("early", 10);
    expect(queue.peek()).toBe(early);
    expect(early.deadline).toBe(10);
    yield* get(sleep(50));
    expect(queue.peek()).toBe(early);
    expect(queue.size).toBe(2);
    expect(yield* get(queue.next())).toBe("early");
    expect(queue.peek()).toBe(late);
    queue.remove(late);
    expect(queue.peek()).toBeUndefined();
  });

  // There is no `compact` here: entries hold no slots that could be compacted.
  inBothStyles(
    "ends for a waiting poller when it is cleared or its last value removed (DQ-09)",
    function* () {
      const queue = new DelayQueue<string>();
      queue.insert("a", 100);
      queue.insert("b", 200);
      const cleared = spawn(queue.next());
      yield* get(yieldNow());
      queue.clear();
      expect(queue.size).toBe(0);
      expect(yield* get(cleared)).toBeUndefined();
      const key = queue.insert("c", 100);
      const removed = spawn(queue.next());
      yield* get(yieldNow());
      expect(queue.remove(key)).toBe("c");
      expect(yield* get(removed)).toBeUndefined();
      expect(now()).toBe(0);
    },
  );

  inBothStyles("keeps the keys of what is left valid when others come out (DQ-09)", function* () {
    const queue = new DelayQueue<number>();
    const keys = Array.from({ length: 100 }, (_, i) => queue.insert(i, i + 1));
    for (let i = 0; i < 50; i++) yield* get(queue.next());
    for (let i = 50; i < 100; i += 2) expect(queue.remove(keys[i]!)).toBe(i);
    queue.reset(keys[51]!, 1000);
    const rest = (yield* drain(queue)).map(([value]) => value);
    expect(rest).toEqual([...Array.from({ length: 24 }, (_, i) => 53 + 2 * i), 51]);
  });

  inBothStyles("reset moves a value, waiting or due, earlier or later", function* () {
    const queue = new DelayQueue<string>();
    const a = queue.insert("a", 10);
    const b = queue.insert("b", 20);
    queue.reset(a, 30);
    expect(a.deadline).toBe(30);
    const next = spawn(queue.next().map((value) => [value, now()]));
    yield* get(sleep(1));
    queue.reset(a, 4);
    expect(yield* get(next)).toEqual(["a", 5]);
    yield* get(sleep(20));
    expect(queue.peek()).toBe(b);
    queue.reset(b, 7);
    expect(yield* drain(queue)).toEqual([["b", 32]]);
  });

  inBothStyles("comes out in the order of deadlines also when it was not asked for long", function* () {
    const queue = new DelayQueue<string>();
    queue.insert("b", 20);
    queue.insert("a", 10);
    yield* get(sleep(50));
    queue.insert("c", 0);
    expect((yield* drain(queue)).map(([value]) => value)).toEqual(["a", "b", "c"]);
  });

  inBothStyles("rounds fractions of a ms up, and holds far-off and endless delays", function* () {
    const queue = new DelayQueue<string>();
    queue.insert("soon", 0.25);
    queue.insert("far", { days: 3650 });
    const never = queue.insert("never", Infinity);
    expect(yield* get(queue.next())).toBe("soon");
    expect(now()).toBe(1);
    expect(yield* get(queue.next())).toBe("far");
    expect(now()).toBe(3650 * 86_400_000);
    expect((yield* get(select({ next: queue.next(), other: sleep(1e15) }))).key).toBe("other");
    queue.reset(never, 1);
    expect(yield* get(queue.next())).toBe("never");
  });

  inBothStyles("loses nothing when a next is abandoned, pending or woken", function* () {
    const queue = new DelayQueue<string>();
    queue.insert("a", 10);
    expect((yield* get(select({ next: queue.next(), short: sleep(1) }))).key).toBe("short");
    const woken = step(queue.next());
    woken.poll();
    yield* get(sleep(20));
    expect(woken.isWoken).toBe(true);
    woken.drop();
    expect(yield* get(queue.next())).toBe("a");
  });

  inBothStyles("gives each value to one of several waiters", function* () {
    const queue = new DelayQueue<number>();
    for (let i = 1; i <= 3; i++) queue.insert(i, 10 * i);
    const takers = [1, 2, 3, 4].map(() => spawn(queue.next()));
    const taken = new Set<unknown>();
    for (const taker of takers) taken.add(yield* get(taker));
    expect(taken).toEqual(new Set([1, 2, 3, undefined]));
    expect(now()).toBe(30);
  });

  test("can be iterated until it is empty; leaving the loop takes nothing", () =>
    paused(async () => {
      const queue = new DelayQueue<number>();
      for (let i = 1; i <= 4; i++) queue.insert(i, i);
      const seen: number[] = [];
      for await (const value of queue) if (seen.push(value) === 2) break;
      expect(queue.size).toBe(2);
      for await (const value of queue) seen.push(value);
      expect(seen).toEqual([1, 2, 3, 4]);
    }));

  test("that is always due lets others run", () =>
    paused(async () => {
      const queue = new DelayQueue<number>();
      const spin = spawn(function* () {
        for (;;) {
          queue.insert(1, 0);
          yield* queue.next();
        }
      });
      await yieldNow();
      spin.abort();
      expect((await spin.settled()).status).toBe("cancelled");
    }));

  test("leaves no timer behind when it is no longer waited on", async () => {
    await using runtime = new Runtime({ clock: "paused" });
    await runtime.run(async () => {
      const queue = new DelayQueue<number>();
      queue.insert(1, 1000);
      await select({ next: queue.next(), short: sleep(1) });
      expect(runtime.metrics().timers).toBe(0);
    });
  });

  test("made outside a runtime takes the time of the one that uses it first", async () => {
    const queue = new DelayQueue<string>();
    await paused(async () => {
      queue.insert("later", 10);
      queue.insert("sooner", 5);
      expect(await queue.next()).toBe("sooner");
      expect(now()).toBe(5);
      expect(await queue.next()).toBe("later");
    });
  });

  test("does not keep what has come out, though its key is kept", async () => {
    const gc = (globalThis as { gc?: () => void }).gc!;
    const queue = new DelayQueue<object>();
    const values: WeakRef<object>[] = [];
    const keys: DelayKey[] = [];
    const insert = (): void => {
      const value = {};
      values.push(new WeakRef(value));
      keys.push(queue.insertAt(value, 0));
    };
    for (let i = 0; i < 3; i++) insert();
    step(queue.next()).poll();
    queue.remove(keys[1]!);
    queue.clear();
    await turn();
    gc();
    expect(values.map((ref) => ref.deref())).toEqual([undefined, undefined, undefined]);
    expect(queue.remove(keys[2]!)).toBeUndefined();
  });

  test("wants delays that are some, and keys of its own", () => {
    const queue = new DelayQueue<number>();
    for (const bad of [-1, NaN, "5", undefined]) {
      expect(() => queue.insert(1, bad as Duration)).toThrow(RangeError);
      expect(() => queue.reset(queue.insert(1, 1), bad as Duration)).toThrow(RangeError);
    }
    expect(() => queue.insertAt(1, NaN)).toThrow(RangeError);
    const key = queue.insert(1, 1);
    queue.remove(key);
    expect(() => queue.reset(key, 1)).toThrow(RangeError);
    const other = new DelayQueue<number>().insert(1, 1);
    expect(() => queue.remove(other)).toThrow(TypeError);
    expect(() => queue.reset({ deadline: 1 } as DelayKey, 1)).toThrow(TypeError);
  });

  const operation = fc.oneof(
    fc.record({ op: fc.constant("insert" as const), delay: fc.integer({ min: 0, max: 5000 }) }),
    fc.record({ op: fc.constant("remove" as const), at: fc.nat(50) }),
    fc.record({
      op: fc.constant("reset" as const),
      at: fc.nat(50),
      delay: fc.integer({ min: 0, max: 5000 }),
    }),
    fc.record({ op: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 200 }) }),
    fc.record({ op: fc.constant("take" as const) }),
  );
  test("agrees with a sorted list under random programs", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (program) => {
        await paused(async () => {
          const queue = new DelayQueue<number>();
          const keys: DelayKey[] = [];
          const model = new Map<number, number>();
          const take = async (): Promise<void> => {
            const earliest = Math.min(...model.values());
            const value = await queue.next();
            if (value === undefined) return expect(model.size).toBe(0);
            expect(now()).toBeGreaterThanOrEqual(model.get(value)!);
            expect(model.get(value)).toBe(earliest);
            model.delete(value);
          };
          for (const each of program) {
            switch (each.op) {
              case "insert":
                model.set(keys.length, now() + each.delay);
                keys.push(queue.insert(keys.length, each.delay));
                break;
              case "remove": {
                const key = keys[each.at];
                if (key === undefined) break;
                expect(queue.remove(key)).toBe(model.has(each.at) ? each.at : undefined);
                model.delete(each.at);
                break;
              }
              case "reset":
                if (!model.has(each.at)) break;
                queue.reset(keys[each.at]!, each.delay);
                model.set(each.at, now() + each.delay);
                break;
              case "wait":
                await sleep(each.ms);
                break;
              case "take":
                await take();
                break;
            }
            expect(queue.size).toBe(model.size);
          }
          while (model.size > 0) await take();
          expect(queue.size).toBe(0);
        });
      }),
      randomPrograms(0.2),
    );
  });
});
