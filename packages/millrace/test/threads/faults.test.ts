/** What goes wrong on threads: every call settles exactly once, nothing hangs, and the pool heals. */
import type { Worker } from "node:worker_threads";
import { type Future, joinAll, joinSettled, Runtime, sleep, spawn } from "millrace";
import { ThreadError, ThreadPool } from "millrace/threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { broken } from "./fixtures/lazy.ts";
import { sharesMemory } from "../../src/threads/backend.ts";
import * as work from "./fixtures/work.ts";

// Nothing here rests on time; but every test starts threads, which takes seconds on a machine with much else to do.
vi.setConfig({ testTimeout: 60_000 });

let pool = new ThreadPool({ threads: 2, name: "faults" });
const fresh = (options: ConstructorParameters<typeof ThreadPool>[0] = {}): ThreadPool =>
  (pool = new ThreadPool({ threads: 2, name: "faults", ...options }));
afterEach(() => pool.shutdown({ timeout: 0 }));

const heals = async (): Promise<void> => {
  const calls = Array.from({ length: 100 }, (_, i) => work.double.with({ pool })(i));
  expect(await joinAll(calls)).toEqual(calls.map((_, i) => i * 2));
};
/** Until the pool's threads execute as many calls. */
const running = async (count: number): Promise<void> => {
  while (pool.metrics().running < count) await sleep(1);
};
const begun = async (shared: SharedArrayBuffer): Promise<void> => {
  const words = new Int32Array(shared);
  while (Atomics.load(words, 0) === 0) await sleep(1);
};
/** Ends what occupies a thread. */
const free = (shared: SharedArrayBuffer): void => {
  const words = new Int32Array(shared);
  Atomics.store(words, 1, 1);
  Atomics.notify(words, 1);
};

test("a task that exits the process fails alone, with the exit code", async () => {
  fresh();
  await expect(pool.spawn(work.exit, 3)).rejects.toMatchObject({ code: "ERR_THREAD", exitCode: 3 });
  await heals();
  expect(pool.metrics().restarted).toBe(1);
});

test("an uncaught exception takes the thread's tasks along, and says why", async () => {
  fresh({ threads: 1 });
  const error: unknown = await pool.spawn(work.crash).then(undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ThreadError);
  expect((error as Error).message).toMatch(/nobody catches this/);
  expect((error as Error).cause).toBeInstanceOf(TypeError);
  await heals();
});

test("threads that were ended from outside in mid-computation use no processor afterwards", async () => {
  const workers: Worker[] = [];
  const onWorker = (worker: Worker): void => void workers.push(worker);
  process.on("worker", onWorker);
  fresh({ threads: 1 });
  for (let round = 0; round < 8; round++) {
    const call = pool.spawn(work.busy, 60);
    await running(1);
    while (workers.length === 0) await sleep(1);
    await workers.pop()!.terminate();
    expect(await call.settled()).toMatchObject({ reason: { code: "ERR_THREAD" } });
  }
  process.off("worker", onWorker);
  await heals();
  // Deno lets them come to the end of what they are at.
  await sleep(200);
  const before = process.cpuUsage();
  const from = performance.now();
  await sleep(500);
  const { user, system } = process.cpuUsage(before);
  // A share of this process, whatever else the machine does.
  expect((user + system) / 1000 / (performance.now() - from)).toBeLessThan(0.5);
});

test("a task that runs out of memory fails, and the pool heals", async () => {
  fresh({ threads: 1, resourceLimits: { maxOldGenerationSizeMb: 24 } });
  await expect(pool.spawn(work.devour)).rejects.toThrow(/ran out of memory/);
  await heals();
});

test("a task that never returns is replaced with its thread once it is abandoned", async () => {
  fresh({ threads: 1 });
  const call = spawn(work.spin.with({ pool, killAfter: 20 })());
  await running(1);
  call.abort("enough");
  expect(await call.settled()).toEqual({ status: "cancelled", reason: "enough" });
  await heals();
});

test("a module that does not load on the thread fails its calls, and no others", async () => {
  fresh();
  await expect(pool.spawn(broken)).rejects.toThrow(/could not import .*broken.ts.*does not load on threads/);
  await heals();
});

describe("aborted", () => {
  test("before it starts, it never runs", async () => {
    fresh({ threads: 1 });
    const shared = new SharedArrayBuffer(8);
    const occupied = new SharedArrayBuffer(8);
    const occupies = pool.spawn(work.occupy, occupied);
    const handle = pool.spawn(work.obey, shared);
    handle.abort();
    expect((await handle.settled()).status).toBe("cancelled");
    free(occupied);
    await occupies;
    await heals();
    expect(new Int32Array(shared)[0]).toBe(0);
  });

  test("while it computes, it sees it", async ({ skip }) => {
    skip(!sharesMemory(), "who never waits hears no message: its thread is replaced");
    fresh({ threads: 1 });
    const shared = new SharedArrayBuffer(8);
    const handle = pool.spawn(work.obey, shared);
    await begun(shared);
    handle.abort();
    expect((await handle.settled()).status).toBe("cancelled");
    expect(new Int32Array(shared)[1]).toBe(1);
  });

  test("while it waits, its cleanup runs, and whoever waits for it waits for that", async () => {
    fresh({ threads: 1 });
    const shared = new SharedArrayBuffer(8);
    const handle = pool.spawn(work.clean, shared);
    await begun(shared);
    handle.abort();
    expect((await handle.settled()).status).toBe("cancelled");
    expect(new Int32Array(shared)[1]).toBe(1);
  });

  test("after it ended, nothing changes", async () => {
    fresh();
    const handle = pool.spawn(work.double, 4);
    expect(await handle).toBe(8);
    handle.abort();
    expect(await handle).toBe(8);
  });
});

test("idempotent calls are run again when their thread dies, others are not", async () => {
  fresh();
  const counts = [new SharedArrayBuffer(4), new SharedArrayBuffer(4)];
  expect(await work.exitOnce.with({ pool, idempotent: true })(counts[0]!)).toBe("done");
  await expect(work.exitOnce.with({ pool })(counts[1]!)).rejects.toThrow(ThreadError);
  expect(counts.map((each) => new Int32Array(each)[0])).toEqual([2, 1]);
});

test("one that cannot be sent again, because its arguments have changed since, fails alone", async () => {
  fresh();
  const changed: { refused?: () => void } = {};
  const call = work.exit.with({ pool, idempotent: true }) as (...args: unknown[]) => Future<unknown>;
  const handle = spawn(() => call(4, changed));
  while (pool.metrics().queued + pool.metrics().running === 0) await sleep(0);
  changed.refused = () => {};
  await expect(handle).rejects.toMatchObject({ name: "DataCloneError" });
  await heals();
});

test("an idempotent call that ends each of its threads is given up after the third", async () => {
  fresh();
  const { restarted } = pool.metrics();
  await expect(work.exit.with({ pool, idempotent: true })(7)).rejects.toThrow(ThreadError);
  await heals();
  expect(pool.metrics().restarted - restarted).toBe(3);
});

test("threads killed under load lose what they ran, and nothing else", async () => {
  fresh();
  const calls = Array.from({ length: 2000 }, (_, i) =>
    i % 400 === 200 ? work.exit.with({ pool })(i) : work.double.with({ pool })(i),
  );
  const outcomes = await joinSettled(...calls);
  const failed = outcomes.filter(({ status }) => status === "rejected");
  outcomes.forEach((outcome, i) => {
    if (outcome.status === "fulfilled") expect(outcome.value).toBe(i * 2);
    else expect((outcome as { reason: unknown }).reason).toBeInstanceOf(ThreadError);
  });
  expect(failed.length).toBeGreaterThanOrEqual(5);
  expect(failed.length).toBeLessThan(20);
  await heals();
});

test("a thread that was replaced and runs on does nothing to the calls of its successor", async () => {
  fresh({ threads: 1 });
  const [clinging, occupying] = [new SharedArrayBuffer(8), new SharedArrayBuffer(8)];
  const clings = spawn(work.cling.with({ pool, killAfter: 1 })(clinging));
  await begun(clinging);
  const occupies = pool.spawn(work.occupy, occupying).settled();
  await begun(occupying);
  clings.abort();
  expect((await clings.settled()).status).toBe("cancelled");
  expect((await occupies).status).toBe("rejected");
  const calls = Array.from({ length: 100 }, (_, i) => pool.spawn(work.double, i));
  // Where a thread can be ended in the middle of what it does, nobody hears it.
  free(occupying);
  expect(await joinAll(calls)).toEqual(calls.map((_, i) => i * 2));
  await heals();
});

test("a full queue makes calls wait, and all of them run", async () => {
  fresh({ threads: 1, queue: 4 });
  const calls = Array.from({ length: 50 }, (_, i) => pool.spawn(work.double, i));
  expect(pool.metrics().queued + pool.metrics().running).toBeLessThanOrEqual(4);
  expect(await joinAll(calls)).toEqual(calls.map((_, i) => i * 2));
});

describe("shutting down", () => {
  test("lets what runs finish, cancels what is queued, and refuses what comes later", async () => {
    fresh({ threads: 1 });
    await pool.spawn(work.double, 1);
    const under = pool.spawn(work.later, 50, "finished");
    await running(1);
    const queued = Array.from({ length: 2000 }, () => pool.spawn(work.busy, 1));
    const outcomes = Promise.all(queued.map((each) => each.settled()));
    await pool.shutdown();
    expect(await under).toBe("finished");
    for (const { status } of await outcomes) expect(["fulfilled", "cancelled"]).toContain(status);
    await expect(pool.spawn(work.double, 1)).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });

  test("past the limit, cuts off what still runs", async () => {
    fresh();
    const endless = pool.spawn(work.spin);
    const outcome = endless.settled();
    await running(1);
    await pool.shutdown({ timeout: 10 });
    expect(await outcome).toMatchObject({ status: "rejected" });
    await expect(endless).rejects.toThrow(ThreadError);
  });

  test("of a runtime shuts its pool down, and reports what was cut off", async () => {
    const runtime = new Runtime({ threads: 1, name: "own" });
    expect(await runtime.spawn(work.whoAmI)).toBe(1);
    expect(await runtime.spawn(work.double(4))).toBe(8);
    const shared = new SharedArrayBuffer(4);
    const handle = runtime.spawn(work.spin.with({ killAfter: Infinity })(shared), { name: "endless" });
    await begun(shared);
    const report = await runtime.shutdown({ timeout: 20 });
    expect(report.leaked.map(({ name }) => name)).toEqual(["endless"]);
    expect((await handle.settled()).status).toBe("cancelled");
    expect(() => new Runtime({ threads: 0 })).toThrow(RangeError);
  });
});
