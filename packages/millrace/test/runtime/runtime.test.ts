import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  CancelledError,
  currentTask,
  DeadlockError,
  LocalExecutor,
  join,
  mpsc,
  now,
  Notify,
  pending,
  Runtime,
  RuntimeShutdownError,
  select,
  Semaphore,
  sleep,
  spawn,
  yieldNow,
  type JoinHandle,
  type TaskFailure,
} from "millrace";
import { expect, test, vi } from "vitest";
import { get, styles } from "../both-styles.ts";
import { turn } from "../turn.ts";

const virtual = { clock: "paused", seed: 1 } as const;
const message = (failure: TaskFailure) => (failure.error as Error).message;

for (const { name, body } of styles) {
  test(`RT-01 run gives the value or the error of its body; tasks that it spawns run [${name}]`, async () => {
    await using runtime = new Runtime(virtual);
    const error = new RangeError("mine");
    expect(
      await runtime.run(
        body(function* () {
          expect(Runtime.current()).toBe(runtime);
          const task = spawn(
            body(function* () {
              yield* get(sleep(10));
              return now();
            }),
          );
          return yield* get(task);
        }),
      ),
    ).toBe(10);
    await expect(
      runtime.run(
        body(function* () {
          yield* get(sleep(1));
          throw error;
        }),
      ),
    ).rejects.toBe(error);
    expect(await runtime.run(sleep(5).map(() => "future"))).toBe("future");
  });

  test(`runs of one runtime may overlap; the tasks of one outlive it [${name}]`, async () => {
    await using runtime = new Runtime(virtual);
    let task: JoinHandle<string> | undefined;
    const first = runtime.run(
      body(function* () {
        task = spawn(
          body(function* () {
            yield* get(sleep(50));
            return "outlived";
          }),
        );
        yield* get(sleep(1));
        return 1;
      }),
    );
    const second = runtime.run(
      body(function* () {
        yield* get(sleep(2));
        return 2;
      }),
    );
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(task!.isFinished).toBe(false);
    expect(
      await runtime.run(
        body(function* () {
          return yield* get(task!);
        }),
      ),
    ).toBe("outlived");
  });

  test(`a runtime inside a task of another has its own clock, seed and tasks [${name}]`, async () => {
    await using outer = new Runtime({ ...virtual, name: "outer" });
    await using inner = new Runtime({ ...virtual, name: "inner" });
    await outer.run(
      body(function* () {
        yield* get(sleep(100));
        const inside = yield* get(
          join(
            inner.run(
              body(function* () {
                expect(Runtime.current()).toBe(inner);
                yield* get(sleep(7));
                yield* get(spawn(sleep(3)));
                return now();
              }),
            ),
          ),
        );
        expect(inside).toEqual([10]);
        expect(Runtime.current()).toBe(outer);
      }),
    );
    expect(inner.metrics().spawned).toBe(2);
    expect(outer.metrics().spawned).toBe(1);
  });

  test(`RT-05 a shutdown aborts what is outstanding, whose cleanup runs inside the runtime [${name}]`, async () => {
    const runtime = new Runtime(virtual);
    const log: unknown[] = [];
    let task: JoinHandle<void> | undefined;
    await runtime.run(
      body(function* () {
        task = spawn(
          body(function* () {
            try {
              yield* get(pending());
            } finally {
              log.push(Runtime.current() === runtime, currentTask()?.id === task!.id);
              yield* get(sleep(5));
              log.push("cleaned up");
            }
          }),
        );
        yield* get(sleep(1));
      }),
    );
    expect(await runtime.shutdown()).toEqual({ aborted: 1, leaked: [] });
    expect(log).toEqual([true, true, "cleaned up"]);
    expect(task!.isFinished).toBe(true);
  });

  test(`RT-06 cleanup that wakes, locks or throws during a shutdown does not hang it [${name}]`, async () => {
    const failures: string[] = [];
    const runtime = new Runtime({
      ...virtual,
      onTaskFailure: (failure) => void failures.push(message(failure)),
    });
    await runtime.run(
      body(function* () {
        const notify = new Notify();
        const semaphore = new Semaphore(1);
        const [tx, rx] = mpsc.channel<number>(1);
        const permit = yield* get(semaphore.acquire());
        for (const cleanup of [
          () => {
            notify.notifyOne();
            permit.release();
          },
          () => tx.close(),
          () => {
            throw new Error("in cleanup");
          },
        ]) {
          spawn(
            body(function* () {
              try {
                yield* get(select({ a: notify.notified(), b: rx.recv(), c: semaphore.acquire() }));
              } finally {
                cleanup();
              }
            }),
          );
        }
        yield* get(yieldNow());
      }),
    );
    const report = await runtime.shutdown();
    expect(report.leaked).toEqual([]);
    expect(failures).toEqual(["in cleanup"]);
  });
}

test("RT-16 spawning on a runtime that was shut down gives cancelled handles; earlier pending tasks are cancelled, too", async () => {
  const runtime = new Runtime(virtual);
  const earlier = runtime.spawn(pending());
  const report = await runtime.shutdown();
  expect(report).toEqual({ aborted: 1, leaked: [] });
  await expect(earlier).rejects.toBeInstanceOf(CancelledError);
  let ran = false;
  const late = runtime.spawn(async () => {
    ran = true;
  });
  expect(late.isFinished).toBe(true);
  expect(await late.settled()).toMatchObject({ status: "cancelled" });
  expect(ran).toBe(false);
  await expect(runtime.run(async () => 1)).rejects.toBeInstanceOf(RuntimeShutdownError);
  expect(await runtime.shutdown()).toEqual({ aborted: 0, leaked: [] });
});

test("a run is rejected with RuntimeShutdownError when the runtime is shut down under it, after the cleanup", async () => {
  const runtime = new Runtime(virtual);
  const log: string[] = [];
  const run = runtime.run(async () => {
    try {
      await pending();
    } finally {
      await sleep(10);
      log.push("cleaned up");
    }
  });
  await Promise.resolve();
  const rejected = expect(run).rejects.toBeInstanceOf(RuntimeShutdownError);
  await turn();
  await runtime.shutdown();
  await rejected;
  expect(log).toEqual(["cleaned up"]);
});

test("a shutdown names what is left when its timeout passes", async () => {
  const runtime = new Runtime({ cleanupWindow: 50 });
  const stuck = runtime.spawn(() => new Promise<void>(() => {}), { name: "stuck" });
  await turn();
  const report = await runtime.shutdown({ timeout: 5 });
  expect(report).toMatchObject({ aborted: 1, leaked: [{ id: stuck.id, name: "stuck" }] });
  await expect(stuck).rejects.toThrow("left behind");
});

test("a runtime can be disposed with await using, and twice", async () => {
  let task: JoinHandle<unknown>;
  {
    await using runtime = new Runtime(virtual);
    task = runtime.spawn(pending());
    await runtime[Symbol.asyncDispose]();
  }
  await expect(task).rejects.toBeInstanceOf(CancelledError);
});

test("a task that shuts its own runtime down is cancelled there, and does not hang", async () => {
  const runtime = new Runtime({ ...virtual, cleanupWindow: 100 });
  const run = runtime.run(async () => {
    await runtime.shutdown();
  });
  await expect(run).rejects.toBeInstanceOf(RuntimeShutdownError);
});

test("metrics tell the truth", async () => {
  await using runtime = new Runtime(virtual);
  expect(runtime.metrics()).toEqual({
    aliveTasks: 0,
    spawned: 0,
    polls: 0,
    queueDepth: 0,
    forcedYields: 0,
    timers: 0,
    busyMs: 0,
    parkCount: 0,
  });
  await runtime.run(function* () {
    const tasks = [spawn(sleep(10)), spawn(sleep(20)), spawn(function* () {})];
    expect(runtime.metrics()).toMatchObject({
      aliveTasks: 4,
      spawned: 4,
      queueDepth: 3,
      timers: 0,
      polls: 1,
    });
    yield* yieldNow();
    expect(runtime.metrics()).toMatchObject({ aliveTasks: 3, queueDepth: 0, timers: 2 });
    tasks[0]!.abort();
    yield* yieldNow();
    expect(runtime.metrics()).toMatchObject({ aliveTasks: 2, timers: 1 });
    yield* tasks[1]!;
  });
  const { busyMs, parkCount, ...rest } = runtime.metrics();
  expect(busyMs).toBeGreaterThan(0);
  expect(parkCount).toBeGreaterThan(0);
  expect(rest).toMatchObject({ aliveTasks: 0, spawned: 4, queueDepth: 0, timers: 0, forcedYields: 0 });
});

test("RT-34 one seed, one random sequence: for two runtimes and across two runs", async () => {
  const picks = async (runs: number) => {
    await using runtime = new Runtime({ ...virtual, seed: 42 });
    const keys: string[] = [];
    for (let i = 0; i < runs; i++) {
      await runtime.run(async () => {
        for (let j = 0; j < 40 / runs; j++) {
          keys.push((await select({ a: sleep(0), b: sleep(0), c: sleep(0) })).key);
        }
      });
    }
    return keys;
  };
  const once = await picks(1);
  expect(new Set(once).size).toBe(3);
  expect(await picks(1)).toEqual(once);
  expect(await picks(2)).toEqual(once);
});

// ─── failures that nobody observes

test("a function as onTaskFailure is told once, with id, name and error; its own failure harms nobody", async () => {
  const report = vi.spyOn(console, "error").mockImplementation(() => {});
  try {
    const failures: TaskFailure[] = [];
    const runtime = new Runtime({
      ...virtual,
      onTaskFailure(failure) {
        failures.push(failure);
        throw new Error("the policy failed");
      },
    });
    const task = await runtime.run(async () => {
      const failing = spawn(() => Promise.reject(new Error("unseen")), { name: "failing" });
      failing.detach();
      await sleep(1);
      return { id: failing.id };
    });
    await runtime.shutdown();
    expect(failures).toHaveLength(1);
    expect(failures[0]).toEqual({
      error: new Error("unseen"),
      id: task.id,
      name: "failing",
      spawnedAt: undefined,
    });
    expect(report).toHaveBeenCalledTimes(1);
  } finally {
    report.mockRestore();
  }
});

test('"report" prints name and error; "ignore" prints nothing', async () => {
  const report = vi.spyOn(console, "error").mockImplementation(() => {});
  try {
    for (const onTaskFailure of ["report", "ignore"] as const) {
      await using runtime = new Runtime({ ...virtual, onTaskFailure });
      await runtime.run(async () => {
        spawn(() => Promise.reject(new Error(onTaskFailure)), { name: "culprit" }).detach();
        await sleep(1);
      });
    }
    expect(report).toHaveBeenCalledTimes(1);
    expect(report.mock.calls[0]!.join(" ")).toMatch(
      /task #\d+ 'culprit' failed and nobody observed it.*report/,
    );
  } finally {
    report.mockRestore();
  }
});

test('RT-33 "shutdown" makes every run throw and later spawns cancelled; "ignore" gives the failure through the handle', async () => {
  const report = vi.spyOn(console, "error").mockImplementation(() => {});
  try {
    const runtime = new Runtime({ ...virtual, onTaskFailure: "shutdown" });
    const cause = new Error("fatal");
    const other = runtime.run(pending());
    const rejections = [
      expect(other).rejects.toBeInstanceOf(RuntimeShutdownError),
      expect(
        runtime.run(async () => {
          spawn(() => Promise.reject(cause));
          await sleep(1000);
        }),
      ).rejects.toMatchObject({ code: new RuntimeShutdownError().code, cause }),
    ];
    await Promise.all(rejections);
    expect(await runtime.spawn(async () => 1).settled()).toMatchObject({ status: "cancelled" });
    expect(report).toHaveBeenCalledTimes(1);
  } finally {
    report.mockRestore();
  }
  await using ignoring = new Runtime({ ...virtual, onTaskFailure: "ignore" });
  await ignoring.run(async () => {
    const failing = spawn(() => Promise.reject(new Error("kept")));
    await sleep(5);
    await expect(failing).rejects.toThrow("kept");
  });
});

test("a failure is reported when the runtime ends, but never one that was observed, by whatever means", async () => {
  const failures: string[] = [];
  const runtime = new Runtime({
    ...virtual,
    onTaskFailure: (failure) => void failures.push(message(failure)),
  });
  const fail = (name: string) => spawn(() => Promise.reject(new Error(name)));
  await runtime.run(async () => {
    await fail("awaited").catch(() => {});
    await fail("settled").settled();
    await expect(fail("late")).rejects.toThrow("late");
    const late = fail("awaited late");
    await sleep(5);
    await late.catch(() => {});
    await select({ a: fail("raced") }).catch(() => {});
    fail("forgotten");
    const aborted = spawn(pending());
    await sleep(1);
    aborted.abort();
    expect(failures).toEqual([]);
  });
  await runtime.shutdown();
  expect(failures).toEqual(["forgotten"]);
});

test("a failure is reported when its handle is garbage-collected, not while it is held, and at the latest when the process ends", async () => {
  const program = fileURLToPath(new URL("./fixtures/unobserved-failures.ts", import.meta.url));
  const options = ["--expose-gc", "--conditions=@millrace/source", program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, options);
  expect(stdout.trim()).toBe("dropped, then the end");
  expect(stderr).toMatch(/task #\d+ 'dropped' failed and nobody observed it.*task #\d+ 'held' failed/s);
  expect(stderr).not.toContain("'observed'");
}, 10_000);

// ─── deadlocks

test("a deadlock under virtual time names every wait, and the cycle", async () => {
  const runtime = new Runtime(virtual);
  const run = runtime.run(function* () {
    const handles: JoinHandle<void>[] = [];
    for (const i of [0, 1]) {
      handles.push(
        spawn(
          function* () {
            yield* yieldNow();
            yield* handles[1 - i]!;
          },
          { name: `loop ${i}` },
        ),
      );
    }
    const [, rx] = [undefined, new Notify()];
    yield* rx.notified();
  });
  const error: unknown = await run.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DeadlockError);
  const { waits, message: text } = error as DeadlockError;
  expect(waits[0]).toMatch(/^cycle: task #\d+ 'loop [01]' → task #\d+ 'loop [01]' → task #\d+ 'loop [01]'$/);
  expect(waits).toHaveLength(4);
  expect(text).toContain("'loop 0' waits for the end of task");
  expect(await runtime.shutdown()).toMatchObject({ leaked: [] });
});

for (const { name, body } of styles) {
  test(`a run that waits for what never comes is a deadlock; its cleanup runs [${name}]`, async () => {
    await using runtime = new Runtime(virtual);
    const log: string[] = [];
    await expect(
      runtime.run(
        body(function* () {
          try {
            yield* get(new Notify().notified());
          } finally {
            yield* get(sleep(5));
            log.push("cleaned up");
          }
        }),
      ),
    ).rejects.toBeInstanceOf(DeadlockError);
    await runtime.shutdown();
    expect(log).toEqual(["cleaned up"]);
  });
}

test("waiting for a promise of the world is no deadlock", async () => {
  await using runtime = new Runtime(virtual);
  expect(
    await runtime.run(async () => {
      const [value] = await join(new Promise<string>((resolve) => setTimeout(() => resolve("world"), 2)));
      return value;
    }),
  ).toBe("world");
  const bare = () => new Promise<string>((resolve) => setTimeout(() => resolve("bare"), 2));
  expect(await runtime.run(async () => await bare())).toBe("bare");
});

test.each([
  { clock: "fast" as never },
  { seed: NaN },
  { cleanupWindow: -1 },
  { onTaskFailure: "explode" as never },
])("a runtime with %o is a RangeError", (options) => {
  expect(() => new Runtime(options)).toThrow(RangeError);
});

test("what is given as a name or a seed and cannot be one is refused, with what was got", () => {
  const name = 5 as never;
  expect(() => new Runtime({ name })).toThrow("Runtime expects name to be a string, got 5");
  expect(() => spawn(() => {}, { name })).toThrow("spawn expects name to be a string, got 5");
  expect(() => new LocalExecutor({ seed: NaN })).toThrow(
    "LocalExecutor expects seed to be a finite number, got NaN",
  );
});

test("run and spawn refuse what cannot be run", () => {
  const runtime = new Runtime(virtual);
  expect(() => runtime.spawn(3 as never)).toThrow(TypeError);
  expect(() => runtime.run("x" as never)).toThrow(TypeError);
});
