/** Cancellation where several features meet. */
import {
  asyncFn,
  CancellationToken,
  DeadlockError,
  fromPromise,
  join,
  JoinSet,
  mpsc,
  pending,
  Runtime,
  scope,
  select,
  shield,
  sleep,
  spawn,
  timeout,
} from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { turn } from "../turn.ts";

test("a for await over a channel ends with the cancellation, its finally run", () =>
  paused(async () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const log: unknown[] = [];
    const t = spawn(async () => {
      try {
        for await (const x of rx) log.push(x);
      } finally {
        log.push("end");
      }
    });
    await tx.send(1);
    await sleep(1);
    t.abort();
    await t.settled();
    log.push(t.isFinished);
    expect(log).toEqual([1, "end", true]);
  }));
test("a for await over a set that is cancelled loses no result", () =>
  paused(async () => {
    const set = new JoinSet<number>();
    set.spawn(sleep(10).map(() => 1));
    const t = spawn(async () => {
      for await (const _ of set);
    });
    await sleep(1);
    t.abort();
    await t.settled();
    expect(await set.joinNext()).toMatchObject({ value: 1 });
  }));
test("a generator that never stops going on is left behind after its window", () =>
  paused(
    async () => {
      const t = spawn(function* () {
        for (;;) {
          try {
            yield* sleep(1);
          } catch {
            yield* sleep(1);
          }
        }
      });
      await sleep(3);
      t.abort("x");
      expect(await t.settled()).toEqual({ status: "cancelled", reason: "x" });
    },
    { cleanupWindow: 10 },
  ));
test("a Promise.all of futures in a cancelled task drops every one of them", () =>
  paused(async () => {
    const drops: string[] = [];
    const call = asyncFn(async (n: string) => {
      try {
        await pending();
      } finally {
        await sleep(5);
        drops.push(n);
      }
    });
    const t = spawn(async () => {
      await Promise.all([call("a"), call("b"), sleep(100)]);
    });
    await sleep(1);
    t.abort();
    await t.settled();
    expect(drops.sort()).toEqual(["a", "b"]);
  }));
test("a call that nobody awaits is dropped with its cancelled task", () =>
  paused(async () => {
    const drops: string[] = [];
    const call = asyncFn(function* (n: string) {
      try {
        yield* pending();
      } finally {
        yield* sleep(5);
        drops.push(n);
      }
    });
    const t = spawn(async () => {
      call("floating").catch(() => {});
      await sleep(100);
    });
    await sleep(1);
    t.abort();
    await t.settled();
    expect(drops).toEqual(["floating"]);
  }));
test("a call that nobody awaits goes on when its task ends normally", () =>
  paused(async () => {
    const log: string[] = [];
    const call = asyncFn(function* (n: string) {
      yield* sleep(5);
      log.push(n);
    });
    const t = spawn(async () => {
      call("floating").catch(() => {});
    });
    await t;
    log.push("ended");
    await sleep(10);
    expect(log).toEqual(["ended", "floating"]);
  }));
test("a wait until the signal of the context ends with the cancellation", () =>
  paused(
    async () => {
      const t = spawn(async (cx) => {
        await fromPromise(new Promise(() => {})).until(cx.signal);
      });
      await sleep(0);
      t.abort("r");
      expect(await t.settled()).toEqual({ status: "cancelled", reason: "r" });
    },
    { autoAdvance: false },
  ));
test("cleanup may run a scope, also when the task is aborted twice", () =>
  paused(async (clock) => {
    const log: unknown[] = [];
    const t = spawn(async () => {
      try {
        await pending();
      } finally {
        await scope(async (s) => {
          s.spawn(async () => {
            await sleep(5);
            log.push("child ran in cleanup");
          });
        });
        log.push(clock.now());
      }
    });
    await sleep(1);
    t.abort();
    t.abort();
    await t.settled();
    expect(log).toEqual(["child ran in cleanup", 6]);
  }));
test("cleanup of a generator may call, join, select and spawn", () =>
  paused(async () => {
    const log: unknown[] = [];
    const c = asyncFn(async (n: number) => {
      await sleep(n);
      return n;
    });
    const t = spawn(function* () {
      try {
        yield* pending();
      } finally {
        log.push(yield* join(c(1), c(2)));
        log.push((yield* select({ a: c(3), b: c(9) })).value);
        log.push(yield* spawn(c(1)));
      }
    });
    await sleep(1);
    t.abort();
    await t.settled();
    expect(log).toEqual([[1, 2], 3, 1]);
  }));
test("cleanup may abort and join another task; the reasons stay apart", () =>
  paused(async () => {
    const a = spawn(pending());
    const t = spawn(async () => {
      try {
        await pending();
      } finally {
        a.abort("sib");
        const o = await a.settled();
        expect(o).toEqual({ status: "cancelled", reason: "sib" });
      }
    });
    await sleep(1);
    t.abort("t");
    expect(await t.settled()).toEqual({ status: "cancelled", reason: "t" });
  }));
test("a call that is polled by hand and dropped cleans up by itself", () =>
  paused(async () => {
    const log: string[] = [];
    const c = asyncFn(function* () {
      try {
        yield* pending();
      } finally {
        yield* sleep(1);
        log.push("clean");
      }
    });
    const s = step(c());
    s.poll();
    s.drop();
    await sleep(5);
    expect(log).toEqual(["clean"]);
  }));
test("a drop guard cancels its token when its task is aborted", () =>
  paused(async () => {
    const token = new CancellationToken();
    const t = spawn(async () => {
      using _g = token.dropGuard();
      await pending();
    });
    await sleep(1);
    t.abort();
    await t.settled();
    expect(token.isCancelled).toBe(true);
  }));
test("a shutdown waits for a shield", async () => {
  const rt = new Runtime({ clock: "paused" });
  const log: string[] = [];
  rt.spawn(() =>
    shield(async () => {
      await sleep(50);
      log.push("done");
    }),
  );
  await turn();
  expect(await rt.shutdown()).toEqual({ aborted: 1, leaked: [] });
  expect(log).toEqual(["done"]);
});
test("a timeout throws at once, and the task waits for the cleanup of what it dropped", () =>
  paused(async (clock) => {
    const c = asyncFn(async () => {
      try {
        await pending();
      } finally {
        await sleep(50);
      }
    });
    let at = -1;
    const t = spawn(async () => {
      await timeout(5, c()).catch(() => {});
      at = clock.now();
    });
    await t;
    expect([at, clock.now()]).toEqual([5, 55]);
  }));
test("nested calls that were dropped unwind from the inside out by themselves", () =>
  paused(async (clock) => {
    const log: string[] = [];
    const inner = asyncFn(function* (n: string) {
      try {
        yield* pending();
      } finally {
        yield* sleep(5);
        log.push(n);
      }
    });
    const outer = asyncFn(async () => {
      try {
        await join(inner("a"), inner("b"));
      } finally {
        await sleep(5);
        log.push("outer");
      }
    });
    const t = spawn(function* () {
      yield* select({ x: outer(), y: sleep(1) });
    });
    await t;
    expect(log).toEqual(["a", "b", "outer"]);
    expect(clock.now()).toBe(11);
  }));
test("a loser that swallows its cancellation and returns changes nothing", () =>
  paused(async () => {
    const c = asyncFn(async () => {
      try {
        await pending();
      } catch {
        return "swallowed";
      }
    });
    const r = await select({ c: c(), t: sleep(1) });
    expect(r.key).toBe("t");
  }));
test("a future awaited in a then callback is cancelled with its task", () =>
  paused(async () => {
    const h = spawn(async () => {
      await sleep(1).then(() => sleep(1000));
    });
    await sleep(5);
    h.abort();
    expect(await h.settled()).toMatchObject({ status: "cancelled" });
  }));
test("a deadlock names a child that a limit holds", async () => {
  const rt = new Runtime({ clock: "paused" });
  const e: unknown = await rt
    .run(async () => {
      await scope(
        async (s) => {
          s.spawn(
            async () => {
              await s.spawn(async () => 1, { name: "held" });
            },
            { name: "parent" },
          );
        },
        { limit: 1 },
      );
    })
    .catch((error: unknown) => error);
  expect(e).toBeInstanceOf(DeadlockError);
  expect((e as DeadlockError).waits.join("\n")).toContain("'held' has not started");
  await rt.shutdown();
});
test("a listener on the signal of a context may abort other tasks", () =>
  paused(async () => {
    const b = spawn(pending());
    const a = spawn((cx) => {
      cx.signal.addEventListener("abort", () => b.abort("chained"));
      return pending();
    });
    await sleep(1);
    a.abort();
    expect(await b.settled()).toEqual({ status: "cancelled", reason: "chained" });
    await a.settled();
  }));
test("a reason may be any value, also one without a string form", () =>
  paused(async () => {
    const a = spawn(pending(), {});
    await sleep(1);
    a.abort({
      toString(): never {
        throw new Error("no");
      },
    });
    expect((await a.settled()).status).toBe("cancelled");
  }));
