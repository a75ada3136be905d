/** Every sentence of the documentation of `scope`. */
import {
  asyncFn,
  CancelledError,
  ClosedError,
  currentTask,
  pending,
  scope,
  select,
  sleep,
  spawn,
  TimeoutError,
  type JoinHandle,
  type ScopeOptions,
  type TaskScope,
} from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles, type InStyle, type Steps } from "../both-styles.ts";

function fail(message: string): never {
  throw new Error(message);
}
/** Runs a scope and gives how it ended. */
function* outcomeOf<T>(style: InStyle, steps: (s: TaskScope) => Steps<T>, options?: ScopeOptions) {
  return yield* get(scope(style.body(steps), options).settled());
}
const failing = (style: InStyle, ms: number, message: string) =>
  style.body(function* (): Steps<void> {
    yield* get(sleep(ms));
    fail(message);
  });

inBothStyles("it returns only when every task has ended, cleanup included", function* (style) {
  const log: string[] = [];
  const value = yield* get(
    scope(
      style.body(function* (s: TaskScope) {
        s.spawn(
          style.body(function* () {
            yield* get(sleep(30));
            log.push("slow child");
          }),
        );
        const aborted = s.spawn(
          style.body(function* () {
            try {
              yield* get(pending());
            } finally {
              yield* get(sleep(40));
              log.push("cleaned up");
            }
          }),
        );
        yield* get(sleep(5));
        aborted.abort();
        expect(s.size).toBe(2);
        return "value";
      }),
    ),
  );
  expect(value).toBe("value");
  expect(log).toEqual(["slow child", "cleaned up"]);
  expect(style.clock.now()).toBe(45);
});

inBothStyles(
  "the first failing child cancels the rest and the body, and that failure is thrown",
  function* (style) {
    const log: string[] = [];
    const noting = (name: string) =>
      style.body(function* (): Steps<void> {
        try {
          yield* get(sleep(1000));
        } catch (error) {
          log.push(`${name} ${(error as Error).name} ${style.clock.now()}`);
          throw error;
        }
      });
    const outcome = yield* outcomeOf(style, function* (s) {
      s.spawn(failing(style, 10, "first"));
      s.spawn(noting("child"));
      try {
        yield* get(sleep(1000));
      } catch (error) {
        log.push(`body ${(error as Error).name} ${style.clock.now()}`);
        throw error;
      }
    });
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: "first" } });
    expect(log.sort()).toEqual(["body AbortError 10", "child AbortError 10"]);
  },
);

inBothStyles("a failing body cancels every child, and its error is thrown", function* (style) {
  let child: JoinHandle<void> | undefined;
  const outcome = yield* outcomeOf(style, function* (s) {
    child = s.spawn(
      style.body(function* () {
        yield* get(pending());
      }),
    );
    yield* get(sleep(1));
    fail("body");
  });
  expect(outcome).toMatchObject({ status: "rejected", reason: { message: "body" } });
  expect(yield* get(child!.settled())).toMatchObject({ status: "cancelled" });
});

inBothStyles("further failures are attached as suppressed", function* (style) {
  const outcome = yield* outcomeOf(style, function* (s) {
    s.spawn(failing(style, 10, "first"));
    for (const name of ["second", "third"]) {
      s.spawn(
        style.body(function* (): Steps<void> {
          try {
            yield* get(pending());
          } catch {
            fail(name);
          }
        }),
      );
    }
    try {
      yield* get(pending());
    } catch {
      fail("body");
    }
  });
  expect(outcome).toMatchObject({ status: "rejected", reason: { message: "first" } });
  const { suppressed } = (outcome as { reason: { suppressed: Error[] } }).reason;
  expect(suppressed.map((error) => error.message).sort()).toEqual(["body", "second", "third"]);
});

inBothStyles(
  "a failure that reaches the body through a join is thrown once, not suppressed by itself",
  function* (style) {
    let seen: unknown;
    const outcome = yield* outcomeOf(style, function* (s) {
      const child = s.spawn(failing(style, 10, "once"));
      try {
        yield* get(child);
      } catch (error) {
        seen = error;
        throw error;
      }
    });
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: "once" } });
    expect(seen).toBe((outcome as { reason: unknown }).reason);
    expect(seen).not.toHaveProperty("suppressed");
  },
);

inBothStyles("an aborted child is no failure", function* (style) {
  const outcome = yield* outcomeOf(style, function* (s) {
    const child = s.spawn(
      style.body(function* () {
        yield* get(pending());
      }),
    );
    s.spawn(
      style.body(function* () {
        yield* get(sleep(20));
      }),
    );
    yield* get(sleep(1));
    child.abort();
    yield* get(sleep(1));
    return "fine";
  });
  expect(outcome).toEqual({ status: "fulfilled", value: "fine" });
  expect(style.clock.now()).toBe(20);
});

test("with supervise a child's failure stays its own, and is reported unless somebody joins it", async () => {
  const failures: string[] = [];
  await paused(
    async () => {
      let joined: unknown;
      const value = await scope(
        async (s) => {
          const seen = s.spawn(() => sleep(1).map(() => fail("seen")));
          s.spawn(() => sleep(2).map(() => fail("unseen"))).detach();
          joined = await seen.settled();
          await sleep(10);
          return "went on";
        },
        { supervise: true },
      );
      expect(value).toBe("went on");
      expect(joined).toMatchObject({ status: "rejected", reason: { message: "seen" } });
      expect(failures).toEqual(["unseen"]);
    },
    { onTaskFailure: ({ error }) => void failures.push((error as Error).message) },
  );
  expect(failures).toEqual(["unseen"]);
});

test("a child's failure that the scope throws is reported nowhere else", async () => {
  const failures: unknown[] = [];
  await paused(
    async () => {
      await expect(
        scope(async (s) => {
          s.spawn(() => sleep(1).map(() => fail("thrown")));
          s.spawn(() => sleep(1).map(() => fail("suppressed")));
          await pending();
        }),
      ).rejects.toThrow("thrown");
      await sleep(10);
    },
    { onTaskFailure: (failure) => void failures.push(failure) },
  );
  expect(failures).toEqual([]);
});

inBothStyles(
  "cancel() makes it throw CancelledError with the reason, after the cleanup of all",
  function* (style) {
    const log: string[] = [];
    const outcome = yield* outcomeOf(style, function* (s) {
      s.spawn(
        style.body(function* () {
          try {
            yield* get(pending());
          } finally {
            yield* get(sleep(10));
            log.push("child");
          }
        }),
      );
      yield* get(sleep(1));
      s.cancel("enough");
      log.push("still here");
      yield* get(pending());
    });
    expect(outcome).toEqual({ status: "cancelled", reason: "enough" });
    expect(log).toEqual(["still here", "child"]);
    expect(style.clock.now()).toBe(11);
  },
);

inBothStyles("a scope cancelled from a child, or from outside, ends all the same", function* (style) {
  const outcome = yield* outcomeOf(style, function* (s) {
    s.spawn(
      style.body(function* () {
        yield* get(sleep(5));
        s.cancel("by child");
      }),
    );
    yield* get(pending());
  });
  expect(outcome).toEqual({ status: "cancelled", reason: "by child" });
});

inBothStyles(
  "spawning after the end throws ClosedError; after a cancellation the child is cancelled at once",
  function* (style) {
    let kept: TaskScope | undefined;
    let late: JoinHandle<void> | undefined;
    let ran = false;
    yield* outcomeOf(style, function* (s) {
      kept = s;
      s.cancel();
      late = s.spawn(
        style.body(function* (): Steps<void> {
          ran = true;
        }),
      );
      yield* get(sleep(1));
    });
    expect(yield* get(late!.settled())).toMatchObject({ status: "cancelled" });
    expect(ran).toBe(false);
    expect(() => kept!.spawn(() => {})).toThrow(ClosedError);
    expect(kept!.size).toBe(0);
    kept!.cancel();
  },
);

inBothStyles("limit holds further children until another ends", function* (style) {
  let running = 0;
  let most = 0;
  const ended: number[] = [];
  yield* outcomeOf(
    style,
    function* (s) {
      for (let i = 0; i < 7; i++) {
        s.spawn(
          style.body(function* () {
            most = Math.max(most, ++running);
            yield* get(sleep(10));
            running--;
            ended.push(i);
          }),
        );
      }
      expect(s.size).toBe(7);
      yield* get(sleep(1));
    },
    { limit: 3 },
  );
  expect([most, ended]).toEqual([3, [0, 1, 2, 3, 4, 5, 6]]);
  expect(style.clock.now()).toBe(30);
});

inBothStyles(
  "timeout cancels everything and throws TimeoutError; an early end leaves no timer",
  function* (style) {
    let cleaned = -1;
    const outcome = yield* outcomeOf(
      style,
      function* (s) {
        s.spawn(
          style.body(function* () {
            try {
              yield* get(pending());
            } finally {
              yield* get(sleep(5));
              cleaned = style.clock.now();
            }
          }),
        );
      },
      { timeout: 20 },
    );
    expect(outcome).toMatchObject({ status: "rejected" });
    expect((outcome as { reason: unknown }).reason).toBeInstanceOf(TimeoutError);
    expect([cleaned, style.clock.now()]).toEqual([25, 25]);
    expect(
      yield* outcomeOf(
        style,
        function* (): Steps<number> {
          return 1;
        },
        { timeout: 1e6 },
      ),
    ).toEqual({ status: "fulfilled", value: 1 });
  },
);

inBothStyles("nested scopes unwind from the inside out", function* (style) {
  const log: string[] = [];
  const cleanup = (name: string) =>
    style.body(function* () {
      try {
        yield* get(pending());
      } finally {
        yield* get(sleep(5));
        log.push(name);
      }
    });
  const outcome = yield* outcomeOf(style, function* (outer) {
    outer.spawn(failing(style, 10, "outer child"));
    try {
      yield* get(
        scope(
          style.body(function* (inner: TaskScope) {
            inner.spawn(cleanup("inner child"));
            yield* get(pending());
          }),
        ),
      );
    } finally {
      log.push("outer body");
    }
  });
  expect(outcome).toMatchObject({ status: "rejected", reason: { message: "outer child" } });
  expect(log).toEqual(["inner child", "outer body"]);
  expect(style.clock.now()).toBe(15);
});

inBothStyles("a child may spawn into its own scope; its siblings wait for it", function* (style) {
  const log: string[] = [];
  yield* outcomeOf(style, function* (s) {
    s.spawn(
      style.body(function* () {
        yield* get(sleep(1));
        s.spawn(
          style.body(function* () {
            yield* get(sleep(10));
            log.push("grandchild");
          }),
        );
      }),
    );
  });
  expect(log).toEqual(["grandchild"]);
  expect(style.clock.now()).toBe(11);
});

inBothStyles(
  "an abandoned scope cancels its children, and the task waits for their cleanup",
  function* (style) {
    const log: string[] = [];
    const task = spawn(
      style.body(function* () {
        const won = yield* get(
          select({
            scope: scope(
              style.body(function* (s: TaskScope) {
                s.spawn(
                  style.body(function* () {
                    try {
                      yield* get(pending());
                    } finally {
                      yield* get(sleep(20));
                      log.push(`child ${style.clock.now()}`);
                    }
                  }),
                );
                try {
                  yield* get(pending());
                } finally {
                  yield* get(sleep(10));
                  log.push(`body ${style.clock.now()}`);
                }
              }),
            ),
            tick: sleep(5),
          }),
        );
        log.push(`${won.key} ${style.clock.now()}`);
      }),
    );
    yield* get(task);
    expect(log).toEqual(["tick 5", "body 15", "child 25"]);
    expect(style.clock.now()).toBe(25);
  },
);

test("failures inside an abandoned scope are reported, as nobody else can see them", async () => {
  const failures: string[] = [];
  await paused(
    async () => {
      await select({
        scope: scope(async (s) => {
          s.spawn(async () => {
            try {
              await pending();
            } finally {
              fail("child cleanup");
            }
          });
          await pending();
        }),
        tick: sleep(5),
      });
      await sleep(1);
    },
    { onTaskFailure: ({ error }) => void failures.push((error as Error).message) },
  );
  expect(failures).toEqual(["child cleanup"]);
});

inBothStyles("a scope that was never polled runs nothing", function* (style) {
  let ran = false;
  const unused = scope(
    style.body(function* (): Steps<void> {
      ran = true;
    }),
  );
  unused[Symbol.dispose]();
  yield* get(sleep(1));
  expect(ran).toBe(false);
});

inBothStyles("the body runs in the caller's task; children are tasks of their own", function* (style) {
  const own = currentTask()!.id;
  const ids: unknown[] = [];
  yield* outcomeOf(style, function* (s) {
    ids.push(currentTask()!.id);
    s.spawn(
      style.body(function* (): Steps<void> {
        ids.push(currentTask()!.id);
      }),
      { name: "child" },
    );
    yield* get(sleep(1));
  });
  expect(ids[0]).toBe(own);
  expect(ids[1]).not.toBe(own);
});

inBothStyles("a scope inside an asyncFn call that is dropped belongs to that call", function* (style) {
  const log: string[] = [];
  const call = asyncFn(
    style.body(function* () {
      try {
        yield* get(
          scope(
            style.body(function* (s: TaskScope) {
              s.spawn(
                style.body(function* () {
                  try {
                    yield* get(pending());
                  } finally {
                    yield* get(sleep(10));
                    log.push("child");
                  }
                }),
              );
              yield* get(pending());
            }),
          ),
        );
      } finally {
        log.push("call");
      }
    }),
  );
  yield* get(select({ call: call(), tick: sleep(1) }));
  yield* get(sleep(50));
  expect(log).toEqual(["child", "call"]);
});

test.each([{ limit: 0 }, { limit: 1.5 }, { timeout: -1 }, { timeout: NaN }])(
  "a scope with %o is a RangeError",
  (options) => {
    expect(() => scope(async () => {}, options)).toThrow(RangeError);
  },
);

test("a CancelledError of the body's own is the scope's failure", () =>
  paused(async () => {
    await expect(
      scope(async (s) => {
        const child = s.spawn(pending());
        await sleep(1);
        child.abort("gone");
        await child;
      }),
    ).rejects.toBeInstanceOf(CancelledError);
  }));
