/** What an exploration finds, and that the schedule which it prints finds it again. */
import {
  CancelledError,
  DeadlockError,
  Mutex,
  asyncFn,
  join,
  mpsc,
  select,
  sleep,
  spawn,
  yieldNow,
  type Body,
} from "millrace";
import { ExploreError, explore, paused, replay, type ExploreOptions } from "millrace/testing";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { get, styles, type Style } from "../both-styles.ts";

/** The failure that is found, which must be the one that its schedule replays. */
async function failureOf(body: Body<void>, options?: ExploreOptions): Promise<ExploreError> {
  const found = await explore(body, options).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(found instanceof ExploreError)) throw new Error("expected an ExploreError", { cause: found });
  const again = await replay(body, found.schedule).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(String(again)).toBe(String(found.cause));
  return found;
}

const lostAddition = ({ body }: Style): Body<void> =>
  body(function* () {
    let counter = 0;
    const add = body(function* () {
      const seen = counter;
      yield* get(yieldNow());
      counter = seen + 1;
    });
    yield* get(join(spawn(add, { name: "a" }), spawn(add, { name: "b" })));
    if (counter !== 2) throw new Error(`lost an addition: ${counter}`);
  }) as Body<void>;

describe.each(styles)("$name: it finds", (style) => {
  const { body } = style;

  test.each(["exhaustive", "random", "pct"] as const)("a race, with %s", async (strategy) => {
    const error = await failureOf(lostAddition(style), { strategy });
    expect(error.message).toMatch(/^Error: lost an addition: 1\n/);
    expect(error.cause).toEqual(new Error("lost an addition: 1"));
  });

  test("an order in which a select takes the other branch", async () => {
    const error = await failureOf(
      body(function* () {
        const [tx, rx] = mpsc.channel<number>(1);
        const [other, receiver] = mpsc.channel<number>(1);
        tx.trySend(1);
        other.trySend(2);
        const { key } = yield* get(select({ a: rx.recv(), b: receiver.recv() }));
        if (key === "b") throw new Error("b");
      }) as Body<void>,
    );
    expect(error.trace[0]).toContain("its select looks at branch 2 of 2 first");
  });

  test("an order of timers that are due at once", async () => {
    const error = await failureOf(
      body(function* () {
        const log: string[] = [];
        const nap = (name: string) =>
          spawn(
            body(function* () {
              yield* get(sleep(5));
              log.push(name);
            }),
            { name },
          );
        yield* get(join(nap("a"), nap("b")));
        if (log.join("") === "ba") throw new Error("b first");
      }) as Body<void>,
    );
    expect(error.trace.join("\n")).toContain("5 ms: a timer fires and wakes task 'b'");
  });

  test("locks taken in opposite order", async () => {
    const error = await failureOf(
      body(function* () {
        const [a, b] = [new Mutex(0), new Mutex(0)];
        const both = (first: Mutex<number>, second: Mutex<number>) =>
          body(function* () {
            const outer = yield* get(first.lock());
            yield* get(yieldNow());
            const inner = yield* get(second.lock());
            inner.release();
            outer.release();
          });
        yield* get(join(spawn(both(a, b), { name: "ab" }), spawn(both(b, a), { name: "ba" })));
      }) as Body<void>,
    );
    expect(error.cause).toBeInstanceOf(DeadlockError);
    expect(error.message).toContain("task 'ab' waits for ");
    // The two mutexes can be told apart.
    const waits = ["ab", "ba"].map((name) =>
      error.trace.findLast((step) => step.startsWith(`task '${name}' goes on, then waits for`))?.slice(-2),
    );
    expect(waits.sort((a = "", b = "") => a.localeCompare(b))).toEqual(["#1", "#2"]);
  });

  test("a task that is left behind", async () => {
    const error = await failureOf(
      body(function* () {
        const [tx, rx] = mpsc.channel<number>(1);
        spawn(
          body(function* () {
            yield* get(rx.recv());
            tx.close();
          }),
          { name: "stuck" },
        );
        yield* get(sleep(1));
      }) as Body<void>,
    );
    expect(error.message).toContain("1 task is leaked");
    expect(error.message).toContain("task 'stuck' waits for recv on an mpsc channel");
  });

  test("a failure that nobody observes", async () => {
    const error = await failureOf(
      body(function* () {
        spawn(
          body(function* () {
            yield* get(yieldNow());
            throw new Error("nobody sees this");
          }),
        );
        yield* get(sleep(1));
      }) as Body<void>,
    );
    expect(error.cause).toEqual(new Error("nobody sees this"));
  });

  test("a run without end, and prints only where it begins and ends", async () => {
    const error = await failureOf(
      body(function* () {
        for (;;) yield* get(yieldNow());
      }) as Body<void>,
    );
    expect(error.trace.length).toBe(10_000);
    expect(error.message).toContain("may never end");
    expect(error.message.split("\n").length).toBeLessThan(120);
  });

  test("a cancellation at the one suspension point that cannot bear it", async () => {
    const error = await failureOf(
      body(function* () {
        let balance = 100;
        const transfer = body(function* () {
          balance -= 10;
          yield* get(sleep(1));
          balance += 10;
        });
        yield* get(spawn(transfer, { name: "transfer" }).settled());
        if (balance !== 100) throw new Error(`money is lost: ${balance}`);
      }) as Body<void>,
      { cancel: "transfer" },
    );
    expect(error.trace.join("\n")).toContain("task 'transfer' is cancelled while it waits for a sleep");
  });

  test("nothing in a program that is right, and says that this is all", async () => {
    const report = await explore(
      body(function* () {
        const mutex = new Mutex(0);
        const add = body(function* () {
          const guard = yield* get(mutex.lock());
          const seen = guard.value;
          yield* get(yieldNow());
          guard.value = seen + 1;
          guard.release();
        });
        yield* get(join(spawn(add), spawn(add)));
        const guard = yield* get(mutex.lock());
        expect(guard.value).toBe(2);
        guard.release();
      }) as Body<void>,
    );
    expect(report).toMatchObject({ complete: true, strategy: "exhaustive" });
    expect(report.schedules).toBeGreaterThan(1);
  });
});

describe("what is injected", () => {
  const naps: Body<void> = async () => {
    const nap = asyncFn(async () => sleep(1));
    await join(spawn(nap, { name: "a" }), spawn(nap, { name: "b" }));
  };

  test("is no failure, wherever it comes out", async () => {
    await expect(explore(naps, { cancel: true })).resolves.toMatchObject({ complete: true });
    const wrapped = async () => {
      const nap = async () => {
        try {
          await sleep(1);
        } catch (error) {
          throw new Error("could not sleep", { cause: error });
        }
      };
      spawn(nap);
      await sleep(5);
    };
    await expect(explore(wrapped, { cancel: true })).resolves.toMatchObject({ complete: true });
  });

  test("can be the end of the body, and then what it has spawned is no leak", async () => {
    const left = async () => {
      spawn(async () => sleep(10));
      await sleep(20);
    };
    await expect(explore(left, { cancel: "body" })).resolves.toMatchObject({ complete: true });
  });

  test("reaches a task at each of its suspension points, once in a run", async () => {
    const seen = new Set<string>();
    const at = async () => {
      let steps = 0;
      const task = spawn(
        async () => {
          for (; steps < 3; steps++) await sleep(1);
        },
        { name: "three naps" },
      );
      const { status } = await task.settled();
      seen.add(`${status} after ${steps}`);
    };
    await explore(at, { cancel: "three naps" });
    expect([...seen].sort()).toEqual([
      "cancelled after 0",
      "cancelled after 1",
      "cancelled after 2",
      "fulfilled after 3",
    ]);
  });

  test("must have somebody to go to", async () => {
    await expect(explore(naps, { cancel: "c" })).rejects.toThrow(
      /cancel a task 'c', but none of that name ever waited; there were 'body', 'a', 'b'/,
    );
  });

  test("is tried at random, too", async () => {
    const reasons = new Set<string>();
    const body = async () => {
      const task = spawn(async () => sleep(1));
      reasons.add((await task.settled()).status);
    };
    await explore(body, { strategy: "random", cancel: true, maxSchedules: 40 });
    expect([...reasons].sort()).toEqual(["cancelled", "fulfilled"]);
  });
});

describe("what the explorer does not control", () => {
  test.each([
    ["a promise that never settles", () => new Promise<void>(() => {})],
    ["a real timer", () => new Promise<void>((resolve) => setTimeout(resolve, 30))],
  ])("%s is named, with the task that waits for it", async (_, foreign) => {
    const error = await failureOf(async () => {
      await join(spawn(foreign, { name: "outside" }), sleep(5));
    });
    expect(error.message).toContain("something that the explorer does not control");
    expect(error.message).toContain("task 'outside' waits for a promise that is not the runtime's");
  });

  test("promises that settle by themselves are fine", async () => {
    await explore(async () => {
      const [a, b] = await Promise.all([Promise.resolve(1), sleep(1).then(() => 2), yieldNow()]);
      expect(a + b).toBe(3);
    });
  });

  test("a body that does not do the same again is found out", async () => {
    let runs = 0;
    const moody = async () => {
      if (runs++ % 2 === 1) await yieldNow();
      await join(spawn(naps), spawn(naps));
    };
    const naps = async () => sleep(1);
    await expect(explore(moody, { checkDeterminism: true })).rejects.toThrow("the body is not deterministic");
    runs = 0;
    await expect(explore(moody)).rejects.toThrow("the body is not deterministic");
  });

  test("a failure that does not come back is no proof of anything but that", async () => {
    let runs = 0;
    const once = async () => {
      await yieldNow();
      if (runs++ === 0) throw new Error("once");
    };
    await expect(explore(once)).rejects.toThrow(
      /not deterministic: it has failed with Error: once, and does not/,
    );
  });

  test("numbers that the runtime gives, which differ from run to run, do not count", async () => {
    const body = async () => {
      const first = spawn(async () => sleep(1));
      const second = spawn(async () => first, { name: "second" });
      await join(first, second);
    };
    const report = await explore(body, { checkDeterminism: true, cancel: true });
    expect(report.complete).toBe(true);
  });
});

describe("the report", () => {
  const wide: Body<void> = async () => {
    const steps = async () => {
      for (let i = 0; i < 3; i++) await yieldNow();
    };
    await join(...[1, 2, 3, 4].map(() => spawn(steps)));
  };

  test("says when the search has fallen back to drawing at random, within the same budget", async () => {
    const { schedules, complete, strategy, maxDepth } = await explore(wide, { maxSchedules: 40 });
    expect({ schedules, complete, strategy }).toEqual({ schedules: 40, complete: false, strategy: "random" });
    expect(maxDepth).toBeGreaterThan(20);
  });

  test("ends at the time limit", async () => {
    const { schedules, complete } = await explore(wide, { timeLimit: 0 });
    expect(complete).toBe(false);
    expect(schedules).toBeLessThanOrEqual(1);
  });

  test("of the same seed is the same", async () => {
    const traces = [];
    for (const seed of [7, 7, 8]) {
      const error = await failureOf(lostAddition(styles[0]!), { strategy: "random", seed });
      traces.push(error.schedule);
    }
    expect(traces[0]).toBe(traces[1]);
    expect(traces[2]).toContain("seed=8");
  });
});

describe("explorations", () => {
  test("may run at the same time", async () => {
    const alone = await explore(bothNap);
    await expect(Promise.all([explore(bothNap), explore(bothNap)])).resolves.toEqual([alone, alone]);
  });
  test("may run in a paused body, whose clock they leave alone", async () => {
    await paused(async (clock) => {
      await sleep(3);
      await expect(explore(bothNap)).resolves.toMatchObject({ complete: true });
      expect(clock.now()).toBe(3);
    });
  });
  async function bothNap(): Promise<void> {
    const nap = async () => sleep(5);
    await join(spawn(nap), spawn(nap));
  }
});

describe("misuse", () => {
  const nothing = () => {};
  test.each<[unknown, unknown, string]>([
    [5, {}, "explore expects a function"],
    [undefined, {}, "explore expects a function"],
    [nothing, null, "explore expects options to be an object, got null"],
    [nothing, { strategy: "all" }, 'explore expects strategy to be "exhaustive", "random" or "pct", got all'],
    [nothing, { maxSchedules: 0 }, "explore expects maxSchedules"],
    [nothing, { preemptions: -1 }, "explore expects preemptions"],
    [nothing, { preemptions: 1.5 }, "explore expects preemptions"],
    [nothing, { cancel: 5 }, "explore expects cancel"],
    [nothing, { seed: NaN }, "explore expects seed"],
    [nothing, { timeLimit: -1 }, "explore expects a duration"],
  ])("explore(%o, %o) is refused", async (body, options, message) => {
    await expect(explore(body as Body<void>, options as ExploreOptions)).rejects.toThrow(message);
  });

  test("of replay", async () => {
    await expect(replay(5 as never, "m1:")).rejects.toThrow("replay expects a function");
    for (const schedule of ["", "nonsense", "m1:!", 5, undefined])
      await expect(replay(nothing, schedule as string)).rejects.toThrow("replay expects a schedule");
  });

  test("a failure prints its steps and the line that replays it, however it is printed", async () => {
    const error = await failureOf(lostAddition(styles[0]!));
    for (const printed of [String(error), inspect(error), error.stack!]) {
      error.trace.forEach((step, i) => expect(printed).toContain(`${i + 1}. ${step}`));
      expect(printed).toContain(`replay it with: await replay(body, ${JSON.stringify(error.schedule)});`);
    }
  });

  test("what a failing body throws need not be an error", async () => {
    const error = await failureOf(async () => {
      await yieldNow();
      throw "text";
    });
    expect(error.message).toMatch(/^text\n/);
    expect(error.cause).toBe("text");
  });

  test("a body that cancels itself has failed", async () => {
    const error = await failureOf(async () => {
      throw new CancelledError("by its own doing", "not the explorer's");
    });
    expect(error.cause).toBeInstanceOf(CancelledError);
  });
});
