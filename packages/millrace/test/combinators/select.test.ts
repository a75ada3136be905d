import {
  asyncFn,
  interval,
  join,
  mpsc,
  Notify,
  oneshot,
  PENDING,
  pollFn,
  ready,
  select,
  SelectError,
  Semaphore,
  sleep,
  spawn,
} from "millrace";
import { paused, step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { Probe } from "../probe.ts";

const after = (ms: number) => sleep(ms).map(() => ms);

describe("which branch wins", () => {
  inBothStyles("SEL-01: a single branch gives its value; selects nest", function* () {
    expect(yield* get(select({ one: after(1) }))).toEqual({ key: "one", value: 1 });
    const nested = yield* get(
      select({ outer: select({ inner: after(5), late: after(50) }), late: after(60) }),
    );
    expect(nested).toEqual({ key: "outer", value: { key: "inner", value: 5 } });
  });

  inBothStyles("the value has the type of its key", function* () {
    const won = yield* get(select({ n: ready(1), s: Promise.resolve("x"), off: false }));
    if (won.key === "n") {
      const n: number = won.value;
      expect(n).toBe(1);
    } else if (won.key === "s") {
      const s: string = won.value;
      expect(s).toBe("x");
    }
  });

  inBothStyles("values and promises are branches, falsy values included", function* () {
    expect(yield* get(select({ value: 5 }))).toEqual({ key: "value", value: 5 });
    expect(yield* get(select({ zero: 0 }))).toEqual({ key: "zero", value: 0 });
    expect(yield* get(select({ empty: "" }))).toEqual({ key: "empty", value: "" });
    expect(yield* get(select({ promise: Promise.resolve(1), late: after(5) }))).toEqual({
      key: "promise",
      value: 1,
    });
    expect(yield* get(select({ undefinedValue: ready(undefined) }))).toEqual({
      key: "undefinedValue",
      value: undefined,
    });
  });

  inBothStyles("the winner's failure is thrown and the others are abandoned", function* () {
    const loser = new Probe();
    const error = new Error("won");
    const bad = asyncFn(async () => {
      await sleep(5);
      throw error;
    });
    const end = yield* get(select({ bad: bad(), loser }).settled());
    expect(end).toEqual({ status: "rejected", reason: error });
    expect(loser.drops).toBe(1);
  });

  inBothStyles("SEL-03: of two ready branches exactly one is completed", function* () {
    for (let i = 0; i < 20; i++) {
      let completed = 0;
      const branch = () => pollFn(() => ++completed);
      yield* get(select({ a: branch(), b: branch() }));
      expect(completed).toBe(1);
    }
  });

  inBothStyles("SEL-04: a pending branch is ignored when another is ready", function* () {
    for (let i = 0; i < 20; i++) {
      expect((yield* get(select({ never: new Probe(), now: ready(1) }))).key).toBe("now");
    }
  });

  inBothStyles("SEL-09: disabling what has come joins two branches with select", function* ({ clock }) {
    const a = spawn(after(20));
    const b = spawn(after(10));
    const got: Record<string, number> = {};
    while (Object.keys(got).length < 2) {
      const won = yield* get(select({ a: "a" in got ? undefined : a, b: "b" in got ? undefined : b }));
      got[won.key] = won.value;
    }
    expect([got, clock.now()]).toEqual([{ a: 20, b: 10 }, 20]);
  });

  inBothStyles("SEL-08: a select that has given its result polls nothing more", function* () {
    const [a, b] = [new Probe<number>(), new Probe<number>()];
    const selecting = step(select({ a, b }));
    selecting.poll();
    a.resolve(1);
    selecting.poll();
    const polls = [a.polls, b.polls];
    selecting.drop();
    b.resolve(2);
    expect([a.polls, b.polls, b.drops]).toEqual([...polls, 1]);
    yield* get(ready(0));
  });
});

describe("disabled branches", () => {
  inBothStyles("SEL-07: undefined, null and false are disabled, the others go on", function* () {
    const won = yield* get(select({ a: undefined, b: null, c: false, d: after(3) }));
    expect(won).toEqual({ key: "d", value: 3 });
  });

  inBothStyles("SEL-07: a branch disabled by a condition is evaluated but never polled", function* () {
    const throwing = () =>
      pollFn(() => {
        throw new Error("polled");
      });
    const isOn = Math.max(0, 1) === 0;
    for (let round = 0; round < 3; round++) {
      const guarded = throwing();
      expect((yield* get(select({ guarded: isOn && guarded, on: ready(round) }))).value).toBe(round);
    }
  });

  for (const biased of [true, false]) {
    inBothStyles(`SEL-15, SEL-02: with no branch enabled it rejects, biased ${biased}`, function* () {
      for (const branches of [{}, { a: undefined }, { a: false, b: null }]) {
        const end = yield* get(select(branches, { biased }).settled());
        expect(end).toMatchObject({ status: "rejected", reason: { code: "ERR_SELECT" } });
        expect((end as { reason: unknown }).reason).toBeInstanceOf(SelectError);
      }
    });
  }
  inBothStyles("what it rejects with then has the line of the call", function* () {
    const end = (yield* get(select({ a: undefined }).settled())) as { reason: Error };
    expect(end.reason.stack).toMatch(/select\.test\.ts(?:\?\S*)?:\d+:\d+/);
  });

  inBothStyles("SEL-05: closed channels are disabled one by one, and no message is lost", function* () {
    const [txA, rxA] = mpsc.channel<number>(8);
    const [txB, rxB] = mpsc.channel<number>(8);
    for (const [tx, from] of [
      [txA, 0],
      [txB, 10],
    ] as const) {
      for (let i = 0; i < 3; i++) tx.trySend(from + i);
      tx.close();
    }
    const seen: number[] = [];
    let [isOpenA, isOpenB] = [true, true];
    for (;;) {
      let won: { readonly key: "a" | "b"; readonly value: number | undefined };
      try {
        won = yield* get(select({ a: isOpenA && rxA.recv(), b: isOpenB && rxB.recv() }));
      } catch (error) {
        expect(error).toBeInstanceOf(SelectError);
        break;
      }
      if (won.value !== undefined) seen.push(won.value);
      else if (won.key === "a") isOpenA = false;
      else isOpenB = false;
    }
    expect(seen.sort((x, y) => x - y)).toEqual([0, 1, 2, 10, 11, 12]);
  });
});

describe("the order of polling", () => {
  inBothStyles("SEL-11: biased polls from top to bottom, so the first ready always wins", function* () {
    for (let i = 0; i < 50; i++) {
      const won = yield* get(select({ a: new Probe(), b: ready("b"), c: ready("c") }, { biased: true }));
      expect(won.key).toBe("b");
    }
  });

  inBothStyles("SEL-11: biased, with preconditions, completes in a fixed order", function* () {
    const order: string[] = [];
    const left = new Set(["a", "b", "c", "d"]);
    while (left.size > 0) {
      const branches = Object.fromEntries(
        ["a", "b", "c", "d"].map((key) => [key, left.has(key) && ready(key)]),
      );
      const { key } = yield* get(select(branches, { biased: true }));
      left.delete(key);
      order.push(key);
    }
    expect(order).toEqual(["a", "b", "c", "d"]);
  });

  const draw = (seed: number, count: number): Promise<string> =>
    paused(
      async () => {
        let drawn = "";
        for (let i = 0; i < count; i++)
          drawn += (await select({ a: ready(1), b: ready(1), c: ready(1) })).key;
        return drawn;
      },
      { seed },
    );

  test("without bias the start is random, and every branch gets its share", async () => {
    const drawn = await draw(1, 600);
    for (const key of "abc") {
      const share = drawn.split(key).length - 1;
      expect(share).toBeGreaterThan(150);
      expect(share).toBeLessThan(250);
    }
  });

  test("the random start is reproducible from the seed", async () => {
    const drawn = await draw(7, 60);
    expect(await draw(7, 60)).toBe(drawn);
    expect(await draw(8, 60)).not.toBe(drawn);
  });

  test("the branches are polled in turn from the start on, each once", () =>
    paused(async () => {
      const starts = new Set<string>();
      for (let i = 0; i < 50; i++) {
        const order: string[] = [];
        const probe = (name: string) => new Probe<string>().map(() => name);
        const names = ["a", "b", "c", "d"];
        const branches = Object.fromEntries(
          names.map((name) => [name, recording(probe(name), () => order.push(name))]),
        );
        step(select(branches)).poll();
        const at = names.indexOf(order[0]!);
        expect(order).toEqual([...names.slice(at), ...names.slice(0, at)]);
        starts.add(order[0]!);
      }
      expect(starts.size).toBe(4);
    }));

  function recording<T>(future: { poll(waker: { wake(): void }): T }, note: () => void) {
    return pollFn((waker) => {
      note();
      return future.poll(waker);
    });
  }
});

describe("a losing branch has consumed nothing", () => {
  inBothStyles("a message goes to the next recv", function* () {
    const [tx, rx] = mpsc.channel<number>(4);
    expect((yield* get(select({ message: rx.recv(), tick: sleep(1) }))).key).toBe("tick");
    tx.trySend(1);
    expect(yield* get(rx.recv())).toBe(1);
  });

  inBothStyles("a message that was already assigned to the loser goes to the next recv", function* () {
    const [tx, rx] = mpsc.channel<number>(4);
    const stop = new Probe();
    const selecting = step(select({ stop, message: rx.recv() }, { biased: true }));
    selecting.poll();
    tx.trySend(1);
    stop.resolve();
    expect(selecting.poll()).toEqual({ key: "stop", value: undefined });
    expect(rx.tryRecv()).toEqual({ ok: true, value: 1 });
    yield* get(ready(0));
  });

  inBothStyles("permits, slots, notifications and values stay", function* () {
    const limit = new Semaphore(0);
    const notify = new Notify();
    const [tx, rx] = mpsc.channel<number>(1);
    const [once, result] = oneshot.channel<number>();
    tx.trySend(0);
    const stop = new Probe();
    const selecting = step(
      select(
        { stop, permit: limit.acquire(2), note: notify.notified(), slot: tx.reserve(), result: result.ref() },
        { biased: true },
      ),
    );
    selecting.poll();
    limit.addPermits(2);
    notify.notifyOne();
    rx.tryRecv();
    once.send(5);
    stop.resolve();
    expect(selecting.poll()).toMatchObject({ key: "stop" });
    expect([limit.availablePermits, tx.capacity]).toEqual([2, 1]);
    expect(yield* get(join(notify.notified(), result))).toEqual([undefined, 5]);
  });

  inBothStyles("ticks and timers stay", function* ({ clock }) {
    const ticks = interval(10);
    expect(yield* get(ticks.tick())).toBe(0);
    for (let i = 0; i < 3; i++) yield* get(select({ tick: ticks.tick(), sooner: sleep(3) }));
    expect(yield* get(ticks.tick())).toBe(10);
    expect(clock.now()).toBe(10);
    yield* get(select({ a: sleep(1), b: sleep(1000), c: sleep(2000) }));
    const left = yield* get(select({ never: new Probe(), late: sleep(5000) }));
    expect([left.key, clock.now()]).toEqual(["late", 5011]);
  });

  inBothStyles(
    "a loop of selects sees every message in order, whatever interrupts it",
    function* ({ clock }) {
      const [tx, rx] = mpsc.channel<number>(2);
      const producer = spawn(
        asyncFn(async () => {
          for (let i = 0; i < 50; i++) {
            await tx.send(i);
            if (i % 3 === 0) await sleep(i % 5);
          }
          tx.close();
        })(),
      );
      const seen: number[] = [];
      for (;;) {
        const won = yield* get(select({ tick: sleep(1), message: rx.recv() }));
        if (won.key === "tick") continue;
        if (won.value === undefined) break;
        seen.push(won.value);
      }
      expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => i));
      yield* get(producer);
      expect(clock.now()).toBeGreaterThan(0);
    },
  );
});

test("only the object's own keys are branches", () =>
  paused(async () => {
    const branches = Object.create({ inherited: ready("inherited") }) as Record<string, unknown>;
    branches["own"] = after(1);
    expect(await select(branches)).toEqual({ key: "own", value: 1 });
  }));

inBothStyles("SEL-04: a branch that another one's poll makes ready wins at once", function* () {
  const [tx, rx] = mpsc.channel<string>(1);
  const sends = pollFn<never>(() => {
    tx.trySend("sent by the other branch");
    return PENDING;
  });
  const selecting = step(select({ message: rx.recv(), sends }));
  expect(selecting.poll()).toEqual({ key: "message", value: "sent by the other branch" });
  tx.trySend("first");
  const won = yield* get(select({ message: rx.recv(), other: ready(1) }, { biased: true }));
  expect(won).toEqual({ key: "message", value: "first" });
});

inBothStyles("SEL-11: biased, the upper of two branches is first in line, too", function* ({ body }) {
  const [tx, rx] = mpsc.channel<string>(1);
  tx.trySend("in the way");
  const sendsLower = asyncFn(
    body(function* () {
      yield* get(tx.send("lower"));
    }),
  );
  const selecting = step(select({ upper: tx.send("upper"), lower: sendsLower() }, { biased: true }));
  expect(selecting.poll()).toBe(PENDING);
  expect(yield* get(rx.recv())).toBe("in the way");
  expect(selecting.poll()).toEqual({ key: "upper", value: undefined });
  expect([yield* get(rx.recv()), rx.size]).toEqual(["upper", 0]);
});

inBothStyles("SEL-11: biased, the upper wins also when the budget is used up", function* () {
  const [tx, rx] = mpsc.channel<number>(500);
  for (let i = 0; i < 500; i++) tx.trySend(i);
  const drained: unknown[] = [];
  for (;;) {
    const won = yield* get(select({ message: rx.recv(), idle: ready("idle") }, { biased: true }));
    if (won.key === "idle") break;
    drained.push(won.value);
  }
  expect(drained.length).toBe(500);
});
