/** Combinators of many, of many levels, and what they say of themselves while they wait. */
import {
  asyncFn,
  CancellationToken,
  DeadlockError,
  join,
  mpsc,
  pending,
  pollFn,
  PENDING,
  race,
  Runtime,
  select,
  Semaphore,
  sleep,
  spawn,
  type Future,
} from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { Probe } from "../probe.ts";

inBothStyles("a select of a thousand branches leaves no timer", function* () {
  const branches = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, sleep(1000 - at)]));
  expect((yield* get(select(branches))).key).toBe("k999");
  expect(Runtime.current().metrics().timers).toBe(0);
});

inBothStyles("combinators nest hundreds of levels deep, to the end or dropped half-way", function* () {
  const nest = (levels: number, inner: Future<unknown>): Future<unknown> =>
    levels === 0 ? inner : nest(levels - 1, levels % 2 === 0 ? join(inner) : race(inner, pending()));
  const probe = new Probe();
  yield* get(nest(300, sleep(1)));
  yield* get(select({ deep: nest(300, probe), tick: sleep(1) }));
  expect([probe.polls, probe.drops]).toEqual([1, 1]);
});

inBothStyles("a chain of a thousand maps", function* () {
  let chain: Future<number> = sleep(1).map(() => 0);
  for (let i = 0; i < 1000; i++) chain = chain.map((n) => n + 1);
  expect(yield* get(chain)).toBe(1000);
});

test("a deadlock names what is waited for, however deep inside combinators", async () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const error = await paused(async () => {
    const permit = new Semaphore(0).acquire();
    const inner = select({ permit: permit.until(new CancellationToken()), never: pending().map(String) });
    await join(rx.recv(), inner.timeout(Infinity), sleep(10)).settled();
  }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeadlockError);
  const { waits } = error as DeadlockError;
  expect(waits).toHaveLength(1);
  for (const part of ["recv on an mpsc channel", "acquire on a semaphore", "a cancellation", "pending()"]) {
    expect(waits[0]).toContain(part);
  }
  tx.close();
});

inBothStyles("a child that drops its own join while it is polled is dropped once", function* ({ clock }) {
  const holder: { drop?: () => void } = {};
  let drops = 0;
  const child = pollFn(
    () => {
      holder.drop?.();
      return PENDING;
    },
    () => drops++,
  );
  const other = new Probe();
  const joined = step(join(child, other));
  holder.drop = () => joined.drop();
  expect(joined.poll()).toBe(PENDING);
  expect([drops, other.drops]).toEqual([1, 1]);
  yield* get(clock.settle());
});

inBothStyles("a task may abort itself from inside a branch", function* ({ body, clock }) {
  const log: string[] = [];
  const inner = asyncFn(
    body(function* () {
      try {
        yield* get(sleep(5));
        task.abort("self");
        yield* get(sleep(50));
        log.push("went on");
      } finally {
        log.push(`inner at ${clock.now()}`);
      }
    }),
  );
  const task = spawn(
    body(function* () {
      try {
        yield* get(join(inner(), sleep(100)));
      } finally {
        log.push(`outer at ${clock.now()}`);
      }
    }),
  );
  expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "self" });
  expect(log).toEqual(["inner at 5", "outer at 5"]);
});

inBothStyles(
  "a permit that comes with the cancellation is kept or given back, never lost",
  function* ({ clock }) {
    const limit = new Semaphore(0);
    const token = new CancellationToken();
    const kept = spawn(limit.acquire().until(token));
    const aborted = spawn(join(limit.acquire(), sleep(100)));
    yield* get(clock.settle());
    token.cancel();
    limit.addPermits(2);
    aborted.abort();
    const permit = yield* get(kept);
    expect((yield* get(aborted.settled())).status).toBe("cancelled");
    permit.release();
    expect(limit.availablePermits).toBe(2);
  },
);

test("aborting an async body in Promise.all drops every future in it", () =>
  paused(async (clock) => {
    const probes = [new Probe(), new Probe(), new Probe()];
    const task = spawn(async () => {
      await Promise.all(probes);
    });
    await clock.settle();
    task.abort();
    expect((await task.settled()).status).toBe("cancelled");
    expect(probes.map(({ drops }) => drops)).toEqual([1, 1, 1]);
  }));

test("calls and combinators may be awaited outside any task", async () => {
  const inAsync = asyncFn(async (n: number) => {
    await sleep(0);
    return n;
  });
  const inGenerator = asyncFn(function* (n: number) {
    yield* sleep(0);
    return n;
  });
  expect(await join(inAsync(1), inGenerator(2))).toEqual([1, 2]);
  expect(await select({ call: inGenerator(3), never: pending() })).toEqual({ key: "call", value: 3 });
});
