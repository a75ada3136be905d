/**
 * Where the host has no `AsyncLocalStorage`, as in a browser, an async body is followed from one await of a
 * future to the next. The library is loaded anew, on a host that does not give it any.
 */
import type * as Millrace from "millrace";
import type * as Testing from "millrace/testing";
import { beforeAll, expect, test, vi } from "vitest";

let millrace: typeof Millrace;
let testing: typeof Testing;

beforeAll(async () => {
  const host = globalThis.process as typeof process | undefined;
  if (host?.getBuiltinModule !== undefined) {
    const builtin = host.getBuiltinModule.bind(host);
    const without = (name: string): unknown => (name === "node:async_hooks" ? undefined : builtin(name));
    vi.spyOn(host, "getBuiltinModule").mockImplementation(without as typeof host.getBuiltinModule);
    vi.resetModules();
  }
  millrace = await import("millrace");
  testing = await import("millrace/testing");
}, 60_000);

test("a task knows itself after each await of a future, ready, late or failed, and beside others", async () => {
  const { currentTask, ready, sleep, spawn } = millrace;
  await testing.paused(async () => {
    const seen: (string | undefined)[] = [];
    const look = (): number => seen.push(currentTask()?.name);
    const failing = ready(1).map(() => {
      throw new Error("no");
    });
    const body = async (): Promise<void> => {
      look();
      await ready(1);
      look();
      await sleep(1);
      look();
      await failing.catch(look);
      await sleep(1).catch(look);
    };
    const tasks = [spawn(body, { name: "a" }), spawn(body, { name: "b" })];
    for (const task of tasks) await task;
    expect(seen.slice(0, 6)).toEqual(["a", "b", "a", "b", "a", "b"]);
  });
});

test("nothing else that runs in between is taken for the task", async () => {
  const { currentTask, ready, spawn } = millrace;
  await testing.paused(async () => {
    const strangers: unknown[] = [];
    let isOver = false;
    const stranger = async (): Promise<void> => {
      for (let i = 0; i < 200 && !isOver; i++) {
        await Promise.resolve();
        strangers.push(currentTask());
      }
    };
    // Where nothing is known of the caller.
    setTimeout(stranger);
    await spawn(async () => {
      for (let i = 0; i < 50; i++) await ready(i).map((n) => n);
      await millrace.fromPromise(new Promise((resolve) => setTimeout(resolve, 5)));
      isOver = true;
    });
    expect(strangers.length).toBeGreaterThan(10);
    expect(strangers.filter((task) => task !== undefined)).toEqual([]);
  });
});

test("aborting is thrown where an async body awaits, and its cleanup may wait", async () => {
  const { CancelledError, sleep, spawn } = millrace;
  await testing.paused(async (clock) => {
    const log: string[] = [];
    const task = spawn(async () => {
      await sleep(10);
      try {
        await sleep(1000);
      } catch (error) {
        log.push(error instanceof CancelledError ? "cancelled" : String(error));
        throw error;
      } finally {
        await sleep(5);
        log.push(`clean at ${clock.now()}`);
      }
    });
    await sleep(20);
    task.abort();
    expect((await task.settled()).status).toBe("cancelled");
    expect(log).toEqual(["cancelled", "clean at 25"]);
  });
});

test("for await follows it, too", async () => {
  const { currentTask, mpsc, sleep, spawn } = millrace;
  await testing.paused(async () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const seen: unknown[] = [];
    const consumer = spawn(
      async () => {
        for await (const n of rx) seen.push([n, currentTask()?.name]);
        await sleep(1);
        seen.push(currentTask()?.name);
      },
      { name: "consumer" },
    );
    for (let n = 0; n < 4; n++) await tx.send(n);
    tx.close();
    await consumer;
    expect(seen).toEqual([...[0, 1, 2, 3].map((n) => [n, "consumer"]), "consumer"]);
  });
});

test("a task local is found, and tasks go to the scope's runtime", async () => {
  const { Runtime, scope, sleep, taskLocal } = millrace;
  await testing.paused(async () => {
    const runtime = Runtime.current();
    const local = taskLocal<string>({ inherit: true });
    await local.scope("value", async () => {
      await sleep(1);
      await scope(async (tasks) => {
        await sleep(1);
        tasks.spawn(async () => {
          await sleep(1);
          expect(local.get()).toBe("value");
          expect(Runtime.current()).toBe(runtime);
        });
      });
    });
  });
});

test("an async generator of one's own is followed from future to future", async () => {
  const { currentTask, sleep, spawn } = millrace;
  await testing.paused(async () => {
    const name = spawn(
      async () => {
        async function* numbers(): AsyncGenerator<string | undefined> {
          await sleep(1);
          yield currentTask()?.name;
        }
        for await (const each of numbers()) return each;
        return undefined;
      },
      { name: "reader" },
    );
    expect(await name).toBe("reader");
  });
});

test("after a native promise it is in no task, but on the runtime that runs, and its signal still fires", async () => {
  const { currentTask, now, Runtime, sleep, spawn } = millrace;
  await testing.paused(async () => {
    const runtime = Runtime.current();
    const helper = async (): Promise<void> => {
      await sleep(10);
    };
    const task = spawn(async (cx) => {
      await helper();
      expect(currentTask()).toBeUndefined();
      expect(Runtime.current()).toBe(runtime);
      expect(now()).toBe(10);
      return new Promise<string>((resolve) => cx.signal.addEventListener("abort", () => resolve("aborted")));
    });
    await sleep(20);
    task.abort();
    expect(await task.settled()).toEqual({ status: "fulfilled", value: "aborted" });
  });
});

test("generators need none of this", async () => {
  const { currentTask, sleep, spawn } = millrace;
  await testing.paused(async () => {
    const helper = function* (): Millrace.Routine<string | undefined> {
      yield* sleep(10);
      return currentTask()?.name;
    };
    const task = spawn(
      function* () {
        return yield* helper();
      },
      { name: "routine" },
    );
    expect(await task).toBe("routine");
  });
});
