import { asyncFn, CancelledError, join, mpsc, select, SharedFuture, sleep, spawn } from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { Probe } from "../probe.ts";
import { turn } from "../turn.ts";

inBothStyles("one run gives one result to every consumer", function* ({ body, clock }) {
  let runs = 0;
  const load = asyncFn(
    body(function* () {
      runs++;
      yield* get(sleep(10));
      return { n: 1 };
    }),
  );
  const shared = load().shared();
  expect(shared).toBeInstanceOf(SharedFuture);
  const users = [shared, shared.clone(), shared.shared()].map((each) => spawn(each));
  const [a, b, c] = yield* get(join(users[0]!, users[1]!, users[2]!));
  expect(a).toEqual({ n: 1 });
  expect([b, c, yield* get(shared)]).toEqual([a, a, a]);
  expect(b).toBe(a);
  expect([runs, clock.now()]).toEqual([1, 10]);
});

// The API wins over the semantics list here: every consumer gets the same error, not only the first.
inBothStyles("SHA-06: every consumer gets one and the same error", function* () {
  const error = new Error("inner");
  const shared = asyncFn(async () => {
    await sleep(1);
    throw error;
  })().shared();
  const ends = yield* get(join(spawn(shared).settled(), spawn(shared).settled(), shared.settled()));
  for (const end of ends) expect(end).toEqual({ status: "rejected", reason: error });
});

inBothStyles("abandoning one consumer disturbs no other, whoever polled first", function* ({ clock }) {
  for (const victim of [0, 1, 2]) {
    const start = clock.now();
    const shared = sleep(20)
      .map(() => 1)
      .shared();
    const users = [0, 1, 2].map(() => spawn(shared));
    yield* get(sleep(5));
    users[victim]!.abort();
    for (const [at, user] of users.entries()) {
      const end = yield* get(user.settled());
      expect(end.status).toBe(at === victim ? "cancelled" : "fulfilled");
    }
    expect(clock.now() - start).toBe(20);
  }
});

test("abandoning the consumer that was woken leaves the wake-up to the others", () => {
  const probe = new Probe<number>();
  const shared = probe.shared();
  const [a, b, c] = [step(shared), step(shared), step(shared)];
  for (const each of [a, b, c]) each.poll();
  expect(probe.polls).toBe(1);
  probe.resolve(1);
  expect([a.isWoken, b.isWoken, c.isWoken]).toEqual([true, true, true]);
  a.drop();
  expect([b.poll(), c.poll(), probe.polls, probe.drops]).toEqual([1, 1, 2, 0]);
});

test("the underlying future is dropped once, when every handle and every use is gone", () => {
  const probe = new Probe<number>();
  const shared = probe.shared();
  const clone = shared.clone();
  const [a, b] = [step(shared), step(clone)];
  a.poll();
  b.poll();
  a.drop();
  shared[Symbol.dispose]();
  shared.drop();
  clone.drop();
  expect(probe.drops).toBe(0);
  b.drop();
  expect(probe.drops).toBe(1);
});

test("a handle given up before it was ever used counts, too", () => {
  const probe = new Probe<number>();
  {
    using shared = probe.shared();
    using clone = shared.clone();
    void clone;
  }
  expect([probe.polls, probe.drops]).toEqual([0, 1]);
});

test("using a shared future that all have given up rejects with CancelledError", async () => {
  const probe = new Probe<number>();
  const shared = probe.shared();
  shared.drop();
  await expect(shared).rejects.toBeInstanceOf(CancelledError);
  expect(probe.polls).toBe(0);
});

test("a finished one is not dropped", () => {
  const probe = new Probe<number>();
  probe.resolve(1);
  const shared = probe.shared();
  expect(step(shared).poll()).toBe(1);
  shared.drop();
  expect(probe.drops).toBe(0);
  expect(step(shared).poll()).toBe(1);
});

test("a handle that nobody keeps is given up when it is collected", async () => {
  const probe = new Probe<number>();
  (() => {
    const abandoned = step(probe.shared());
    abandoned.poll();
    abandoned.drop();
  })();
  for (let i = 0; i < 20 && probe.drops === 0; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await turn();
  }
  expect(probe.drops).toBe(1);
});

inBothStyles("a message is not lost by a shared recv that was given up", function* () {
  const [tx, rx] = mpsc.channel<number>(1);
  {
    using next = rx.recv().shared();
    yield* get(select({ next, tick: sleep(1) }));
  }
  tx.trySend(1);
  expect(rx.tryRecv()).toEqual({ ok: true, value: 1 });
});

inBothStyles("the body of a shared call is unwound when all give it up", function* ({ body, clock }) {
  const log: string[] = [];
  const load = asyncFn(
    body(function* () {
      try {
        yield* get(sleep(1000));
      } finally {
        yield* get(sleep(5));
        log.push(`cleaned at ${clock.now()}`);
      }
    }),
  );
  const shared = load().shared();
  const [a, b] = [spawn(shared), spawn(shared)];
  yield* get(sleep(10));
  a.abort();
  yield* get(a.settled());
  shared.drop();
  yield* get(clock.settle());
  expect(log).toEqual([]);
  b.abort();
  yield* get(b.settled());
  yield* get(sleep(20));
  expect(log).toEqual(["cleaned at 15"]);
});

inBothStyles("a shared future may be polled from within itself without harm", function* () {
  const own: SharedFuture<number>[] = [];
  const inner = asyncFn(async (): Promise<number> => {
    const self = spawn(own[0]!);
    await sleep(1);
    self.abort();
    return 1;
  });
  own.push(inner().shared());
  expect(yield* get(own[0]!)).toBe(1);
});

test("hundreds of consumers cost one poll of the inner future for each wake-up", () =>
  paused(async () => {
    const probe = new Probe<number>();
    const shared = probe.shared();
    const users = Array.from({ length: 300 }, () => spawn(shared));
    await sleep(1);
    probe.wake();
    await sleep(1);
    probe.resolve(7);
    for (const user of users) expect(await user).toBe(7);
    expect(probe.polls).toBe(3);
  }));
