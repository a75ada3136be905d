/** The caller's `AsyncLocalStorage` context follows a task wherever it is resumed from. */
import {
  asyncFn,
  fromPromise,
  join,
  JoinSet,
  mpsc,
  Notify,
  Runtime,
  scope,
  select,
  sleep,
  spawn,
  yieldNow,
} from "millrace";
import { paused } from "millrace/testing";
import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { get, inBothStyles, styles, type Steps } from "../both-styles.ts";

const storage = new AsyncLocalStorage<string>();
const here = () => storage.getStore();

inBothStyles("it is kept across spawn, timers, yields, channels and joins", function* ({ body }) {
  const [tx, rx] = mpsc.channel<string>(1);
  const run = (name: string) =>
    storage.run(name, () =>
      spawn(
        body(function* () {
          const seen: unknown[] = [here()];
          yield* get(sleep(1));
          seen.push(here());
          yield* get(yieldNow());
          seen.push(here());
          yield* get(tx.send(name));
          seen.push(here());
          yield* get(rx.recv());
          seen.push(here());
          yield* get(
            spawn(
              body(function* () {
                seen.push(here());
                yield* get(sleep(1));
                seen.push(here());
              }),
            ),
          );
          seen.push(here());
          return seen;
        }),
      ),
    );
  const tasks = ["a", "b", "c"].map((name) => ({ name, task: run(name) }));
  for (const { name, task } of tasks) {
    expect(yield* get(task)).toEqual(Array.from({ length: 8 }, () => name));
    expect(here()).toBeUndefined();
  }
});

inBothStyles(
  "it is kept in asyncFn calls, joins, selects and scopes, each in both styles",
  function* ({ body }) {
    const call = asyncFn(
      body(function* (ms: number) {
        const before = here();
        yield* get(sleep(ms));
        return [before, here()];
      }),
    );
    const task = storage.run("kept", () =>
      spawn(
        body(function* () {
          const seen: unknown[] = yield* get(join(call(1), call(2)));
          seen.push(here(), (yield* get(select({ a: call(3), b: call(9) }))).value);
          yield* get(
            scope(
              body(function* (s): Steps<void> {
                s.spawn(
                  body(function* () {
                    seen.push(yield* get(call(1)));
                  }),
                );
                yield* get(sleep(5));
                seen.push(here());
              }),
            ),
          );
          return seen.flat();
        }),
      ),
    );
    const seen = yield* get(task);
    expect(seen).toHaveLength(10);
    expect(new Set(seen)).toEqual(new Set(["kept"]));
  },
);

inBothStyles("what is set inside a task stays in that task", function* ({ body }) {
  const outer = storage.run("outer", () =>
    spawn(
      body(function* () {
        const inner = storage.run("inner", () =>
          spawn(
            body(function* () {
              yield* get(sleep(1));
              return here();
            }),
          ),
        );
        const first = here();
        const result = yield* get(inner);
        return [first, result, here()];
      }),
    ),
  );
  expect(yield* get(outer)).toEqual(["outer", "inner", "outer"]);
});

inBothStyles("it is there in cleanup after an abort from a different context", function* ({ body }) {
  const seen: unknown[] = [];
  const task = storage.run("own", () =>
    spawn(
      body(function* () {
        try {
          yield* get(sleep(1000));
        } finally {
          seen.push(here());
          yield* get(sleep(1));
          seen.push(here());
        }
      }),
    ),
  );
  yield* get(sleep(1));
  storage.run("aborter", () => task.abort());
  yield* get(task.settled());
  expect(seen).toEqual(["own", "own"]);
});

inBothStyles("a held task has the context of whoever spawned it", function* ({ body }) {
  const set = new JoinSet<string | undefined>({ limit: 1 });
  for (const name of ["a", "b"]) {
    storage.run(name, () =>
      set.spawn(
        body(function* () {
          yield* get(sleep(1));
          return here();
        }),
      ),
    );
  }
  expect(yield* get(set.joinAll())).toEqual(["a", "b"]);
});

test("a waker called from another context resumes the task in its own", () =>
  paused(async () => {
    const notify = new Notify();
    const waiting = [
      storage.run("generator", () =>
        spawn(function* () {
          yield* notify.notified();
          return here();
        }),
      ),
      storage.run("async", () =>
        spawn(async () => {
          await notify.notified();
          return here();
        }),
      ),
      storage.run("foreign", () =>
        spawn(function* () {
          yield* fromPromise(Promise.resolve());
          return here();
        }),
      ),
    ];
    await sleep(1);
    storage.run("waker", () => notify.notifyWaiters());
    expect(await Promise.all(waiting)).toEqual(["generator", "async", "foreign"]);
  }));

for (const { name, body } of styles) {
  test(`a task joined inline does not leak its context into its joiner [${name}]`, () =>
    paused(
      body(function* () {
        const before = here();
        const inner = storage.run("inner", () =>
          spawn(
            body(function* () {
              return here();
            }),
          ),
        );
        expect(yield* get(inner)).toBe("inner");
        expect(here()).toBe(before);
      }),
    ));

  test(`with asyncContext: false tasks still work, know their runtime and can be cancelled [${name}]`, async () => {
    await using runtime = new Runtime({ clock: "paused", asyncContext: false });
    await runtime.run(
      body(function* () {
        const task = spawn(
          body(function* () {
            yield* get(sleep(5));
            return Runtime.current() === runtime;
          }),
        );
        const aborted = spawn(
          body(function* () {
            yield* get(sleep(1000));
          }),
        );
        expect(yield* get(task)).toBe(true);
        aborted.abort();
        expect(yield* get(aborted.settled())).toMatchObject({ status: "cancelled" });
      }),
    );
  });
}
