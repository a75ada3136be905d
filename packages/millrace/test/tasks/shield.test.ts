/** `shield`, `taskLocal` and cooperation. */
import {
  asyncFn,
  CancelledError,
  consumeBudget,
  join,
  mpsc,
  pending,
  Runtime,
  select,
  shield,
  sleep,
  spawn,
  taskLocal,
  unconstrained,
  yieldNow,
  type JoinHandle,
} from "millrace";
import { createServer } from "node:net";
import { connect } from "node:net";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { get, inBothStyles, styles, type Steps } from "../both-styles.ts";
import { nextTurn } from "../turn.ts";

inBothStyles(
  "a shielded body runs to its end; the cancellation is delivered after it",
  function* ({ body, clock }) {
    const log: string[] = [];
    const task = spawn(
      body(function* () {
        try {
          yield* get(
            shield(
              body(function* () {
                yield* get(sleep(10));
                log.push("half");
                yield* get(sleep(10));
                log.push("committed");
              }),
            ),
          );
          log.push("not reached");
        } catch (error) {
          log.push(`${(error as Error).name} ${clock.now()}`);
          throw error;
        }
      }),
    );
    yield* get(sleep(5));
    task.abort("why");
    expect(yield* get(task.settled())).toEqual({ status: "cancelled", reason: "why" });
    expect(log).toEqual(["half", "committed", "AbortError 20"]);
  },
);

inBothStyles(
  "a shield may take longer than the cleanup window; the cleanup after it has a window of its own",
  function* ({ body, clock }) {
    const log: string[] = [];
    const task = spawn(
      body(function* () {
        try {
          yield* get(
            shield(
              body(function* () {
                yield* get(sleep(300));
                log.push("shield");
              }),
            ),
          );
        } finally {
          yield* get(sleep(90));
          log.push("cleanup");
        }
      }),
    );
    yield* get(sleep(1));
    task.abort();
    yield* get(task.settled());
    expect(log).toEqual(["shield", "cleanup"]);
    expect(clock.now()).toBe(390);
  },
  { cleanupWindow: 100 },
);

inBothStyles("a shield gives its value, throws its error, and may be nested in calls", function* ({ body }) {
  const call = asyncFn(
    body(function* (n: number) {
      return yield* get(
        shield(
          body(function* () {
            yield* get(sleep(1));
            if (n < 0) throw new RangeError("negative");
            return n * 2;
          }),
        ),
      );
    }),
  );
  expect(yield* get(call(4))).toBe(8);
  expect(yield* get(call(-1).settled())).toMatchObject({
    status: "rejected",
    reason: { message: "negative" },
  });
});

inBothStyles("a shield that loses a select goes on, and its task waits for it", function* ({ body, clock }) {
  let committed = -1;
  const task = spawn(
    body(function* () {
      yield* get(
        select({
          commit: shield(
            body(function* () {
              yield* get(sleep(30));
              committed = clock.now();
            }),
          ),
          tick: sleep(5),
        }),
      );
      return clock.now();
    }),
  );
  expect(yield* get(task)).toBe(5);
  expect([committed, clock.now()]).toEqual([30, 30]);
});

inBothStyles("a shield that was not begun when the task was cancelled runs nothing", function* ({ body }) {
  let ran = false;
  const task = spawn(
    body(function* () {
      yield* get(sleep(10));
      yield* get(
        shield(
          body(function* (): Steps<void> {
            ran = true;
          }),
        ),
      );
    }),
  );
  yield* get(sleep(1));
  task.abort();
  yield* get(task.settled());
  expect(ran).toBe(false);
});

inBothStyles(
  "TLO-01 a scoped value is visible to its task only; two tasks see their own across waits",
  function* ({ body }) {
    const local = taskLocal<string>();
    const seen: string[] = [];
    const scoped = (value: string) =>
      spawn(
        body(function* () {
          expect(local.tryGet()).toBeUndefined();
          const result = yield* get(
            local.scope(
              value,
              body(function* () {
                for (let i = 0; i < 3; i++) {
                  seen.push(local.get());
                  yield* get(sleep(1));
                }
                const inner = yield* get(
                  local.scope(
                    `${value}!`,
                    body(function* () {
                      yield* get(sleep(1));
                      return local.get();
                    }),
                  ),
                );
                return [inner, local.get()];
              }),
            ),
          );
          expect(local.tryGet()).toBeUndefined();
          return result;
        }),
      );
    const [a, b] = [scoped("a"), scoped("b")];
    expect(yield* get(a)).toEqual(["a!", "a"]);
    expect(yield* get(b)).toEqual(["b!", "b"]);
    expect(seen.sort()).toEqual(["a", "a", "a", "b", "b", "b"]);
    expect(() => local.get()).toThrow("no value");
  },
);

inBothStyles("TLO-02 the value is visible in cleanup, on abort and on completion", function* ({ body }) {
  const local = taskLocal<number>();
  const seen: (number | undefined)[] = [];
  const task = (ms: number) =>
    spawn(
      local.scope(
        ms,
        body(function* () {
          try {
            yield* get(sleep(ms));
          } finally {
            seen.push(local.tryGet());
            yield* get(sleep(1));
            seen.push(local.tryGet());
          }
        }),
      ),
    );
  const aborted = task(1000);
  const completed = task(1);
  yield* get(completed);
  aborted.abort();
  yield* get(aborted.settled());
  expect(seen).toEqual([1, 1, 1000, 1000]);
});

inBothStyles(
  "a local is inherited by spawn only with inherit: true; a default is there everywhere",
  function* ({ body }) {
    const plain = taskLocal<string>({ default: "default" });
    const inherited = taskLocal<string>({ inherit: true });
    const read = body(function* (): Steps<(string | undefined)[]> {
      yield* get(sleep(1));
      return [plain.get(), plain.tryGet(), inherited.tryGet()];
    });
    const [own, child, grandchild] = yield* get(
      plain.scope(
        "p",
        body(function* () {
          return yield* get(
            inherited.scope(
              "i",
              body(function* () {
                const deep = spawn(
                  body(function* () {
                    return yield* get(spawn(read));
                  }),
                );
                return yield* get(join(asyncFn(read)(), spawn(read), deep));
              }),
            ),
          );
        }),
      ),
    );
    expect(own).toEqual(["p", "p", "i"]);
    expect(child).toEqual(["default", "default", "i"]);
    expect(grandchild).toEqual(["default", "default", "i"]);
    expect(yield* get(spawn(read))).toEqual(["default", "default", undefined]);
  },
);

inBothStyles("COOP-04 consumeBudget in a loop pends before 1000 iterations", function* ({ body }) {
  const yields = () => Runtime.current().metrics().forcedYields;
  const before = yields();
  for (let i = 0; i < 1000; i++) yield* get(consumeBudget());
  expect(yields() - before).toBeGreaterThanOrEqual(7);
  void body;
});

inBothStyles(
  "unconstrained is never forced to yield; what follows it has its budget still",
  function* ({ body }) {
    const yields = () => Runtime.current().metrics().forcedYields;
    const before = yields();
    yield* get(
      unconstrained(
        asyncFn(
          body(function* () {
            for (let i = 0; i < 1000; i++) yield* get(consumeBudget());
          }),
        )(),
      ),
    );
    expect(yields() - before).toBe(0);
  },
);

inBothStyles(
  "BRC-22 an endless send and receive in one branch lets the other branch run",
  function* ({ body }) {
    const [tx, rx] = mpsc.channel<number>(1);
    let rounds = 0;
    const busy = asyncFn(
      body(function* () {
        for (;;) {
          yield* get(tx.send(rounds++));
          yield* get(rx.recv());
          if (rounds > 100_000) throw new Error("starved");
        }
      }),
    );
    const won = yield* get(
      select({
        busy: busy(),
        other: asyncFn(
          body(function* () {
            for (let i = 0; i < 5; i++) yield* get(yieldNow());
            return "ran";
          }),
        )(),
      }),
    );
    expect(won).toEqual({ key: "other", value: "ran" });
  },
);

for (const { name, body } of styles) {
  test(`RT-09 ten yields suffice to see a connection that has arrived [${name}]`, async () => {
    await using runtime = new Runtime();
    const server = createServer();
    let accepted = 0;
    server.on("connection", (socket) => {
      accepted++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const client = connect(port, "127.0.0.1");
    client.on("error", () => {});
    await new Promise<void>((resolve) => client.once("connect", () => resolve()));
    let yields = 0;
    await runtime.run(
      body(function* () {
        while (accepted === 0 && yields < 10) {
          yields++;
          yield* get(yieldNow());
        }
      }),
    );
    expect(accepted).toBe(1);
    client.destroy();
    server.close();
  });

  test(`RT-09 timers and immediates of the host run before a task that yields with nothing else to do [${name}]`, async () => {
    await using runtime = new Runtime();
    const log: string[] = [];
    await runtime.run(
      body(function* () {
        nextTurn(() => log.push("immediate"));
        process.nextTick(() => log.push("tick"));
        yield* get(yieldNow());
        log.push("task");
      }),
    );
    expect(log).toEqual(["tick", "immediate", "task"]);
  });

  test(`RT-08 I/O completes beside 100 tasks that wake themselves [${name}]`, async () => {
    await using runtime = new Runtime();
    let stop = false;
    await runtime.run(async () => {
      const spinners: JoinHandle<void>[] = [];
      for (let i = 0; i < 100; i++) {
        spinners.push(
          spawn(
            body(function* () {
              while (!stop) yield* get(yieldNow());
            }),
          ),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
      await sleep(2);
      stop = true;
      for (const each of spinners) await each;
    });
  });
}

test("yieldNow lets every other ready task run first", () =>
  paused(async () => {
    const log: string[] = [];
    const first = spawn(function* () {
      log.push("a1");
      yield* yieldNow();
      log.push("a2");
    });
    const second = spawn(function* () {
      log.push("b1");
      // Woken by others in the same turn, again and again.
      for (let i = 0; i < 3; i++) {
        yield* spawn(sleep(0));
        log.push(`b${i + 2}`);
      }
    });
    await first;
    await second;
    expect(log.slice(0, 2)).toEqual(["a1", "b1"]);
  }));

test("an abandoned yieldNow and a cancelled one are harmless", () =>
  paused(async () => {
    await select({ a: yieldNow(), b: sleep(0), c: yieldNow() });
    const task = spawn(async () => {
      for (;;) await yieldNow();
    });
    // Time stands still while anybody is ready.
    for (let i = 0; i < 5; i++) await yieldNow();
    task.abort();
    await expect(task).rejects.toBeInstanceOf(CancelledError);
    const waiting = spawn(pending());
    waiting.abort();
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
  }));

test.each(["shield", "scope of a local"])(
  "a %s without a function throws a TypeError at the caller's line",
  (what) => {
    const local = taskLocal<number>();
    expect(() => (what === "shield" ? shield(1 as never) : local.scope(1, undefined as never))).toThrow(
      TypeError,
    );
  },
);
