/** What happens inside the branches of a combinator when they are dropped: they unwind, alone, from the inside out. */
import {
  asyncFn,
  join,
  joinAll,
  mpsc,
  race,
  select,
  Semaphore,
  sleep,
  spawn,
  timeout,
  tryJoin,
  type Future,
} from "millrace";
import { describe, expect } from "vitest";
import { get, inBothStyles, type InStyle } from "../both-styles.ts";

/** A call that notes when it is unwound, and whose cleanup takes `cleanup` ms. */
function noting({ body, clock }: InStyle, log: string[]) {
  return (name: string, ms: number, cleanup: number, inner?: () => Future<unknown>): Future<string> =>
    asyncFn(
      body(function* () {
        try {
          yield* get(inner?.() ?? sleep(ms));
          return name;
        } catch (error) {
          log.push(`${clock.now()} ${name} ${(error as Error).name}`);
          throw error;
        } finally {
          if (cleanup > 0) yield* get(sleep(cleanup));
          log.push(`${clock.now()} ${name} cleaned`);
        }
      }),
    )();
}

const losers: Record<string, (loser: Future<unknown>, winner: Future<unknown>) => Future<unknown>> = {
  race: (loser, winner) => race(loser, winner),
  select: (loser, winner) => select({ loser, winner }),
  timeout: (loser) => timeout(10, loser).settled(),
  tryJoin: (loser, winner) =>
    tryJoin(
      loser,
      winner.map(() => {
        throw new Error("end");
      }),
    ).settled(),
};

for (const [name, lose] of Object.entries(losers)) {
  describe(`a branch dropped by ${name}`, () => {
    inBothStyles("unwinds alone, at once, and the waiter goes on at once", function* (style) {
      const log: string[] = [];
      const work = noting(style, log);
      yield* get(lose(work("loser", 100, 0), sleep(10)));
      log.push(`${style.clock.now()} went on`);
      expect(log).toEqual(["10 loser AbortError", "10 loser cleaned", "10 went on"]);
    });

    inBothStyles("cleans up in the background, and its task ends after that", function* (style) {
      const log: string[] = [];
      const work = noting(style, log);
      const task = spawn(
        style.body(function* () {
          yield* get(lose(work("loser", 100, 30), sleep(10)));
          log.push(`${style.clock.now()} went on`);
          yield* get(sleep(5));
          log.push(`${style.clock.now()} body ended`);
          return "value";
        }),
      );
      expect(yield* get(task)).toBe("value");
      log.push(`${style.clock.now()} task ended`);
      expect(log).toEqual([
        "10 loser AbortError",
        "10 went on",
        "15 body ended",
        "40 loser cleaned",
        "40 task ended",
      ]);
    });

    inBothStyles("cleans up from the inside out, each level after the one below", function* (style) {
      const log: string[] = [];
      const work = noting(style, log);
      const nested = work("outer", 0, 1, () => work("middle", 0, 2, () => work("inner", 100, 3)));
      const task = spawn(lose(nested, sleep(10)));
      yield* get(task);
      log.push(`${style.clock.now()} ended`);
      expect(log).toEqual([
        "10 inner AbortError",
        "13 inner cleaned",
        "13 middle AbortError",
        "15 middle cleaned",
        "15 outer AbortError",
        "16 outer cleaned",
        "16 ended",
      ]);
    });

    inBothStyles("releases what it held", function* (style) {
      const limit = new Semaphore(1);
      const holder = asyncFn(
        style.body(function* () {
          using permit = yield* get(limit.acquire());
          yield* get(sleep(100));
          return permit.count;
        }),
      );
      yield* get(lose(holder(), sleep(10)));
      yield* get(style.clock.settle());
      expect(limit.availablePermits).toBe(1);
    });

    inBothStyles(
      "a failure of its cleanup is reported, and changes nothing else",
      function* (style) {
        const broken = asyncFn(
          style.body(function* () {
            try {
              yield* get(sleep(100));
            } finally {
              yield* get(sleep(1));
              fail("cleanup failed");
            }
          }),
        );
        yield* get(lose(broken(), sleep(10)));
        yield* get(sleep(10));
        expect(failures).toEqual(["cleanup failed"]);
        failures.length = 0;
      },
      { onTaskFailure: ({ error }) => failures.push((error as Error).message) },
    );
  });
}
const failures: string[] = [];
function fail(message: string): never {
  throw new Error(message);
}

describe("an aborted task with branches", () => {
  inBothStyles("unwinds all of them at the same time, then itself", function* (style) {
    const log: string[] = [];
    const work = noting(style, log);
    const task = spawn(
      work("task", 0, 1, () => join(work("a", 100, 20), work("b", 100, 10), work("done", 1, 0))),
    );
    yield* get(sleep(5));
    task.abort();
    yield* get(task.settled());
    log.push(`${style.clock.now()} ended`);
    expect(log).toEqual([
      "1 done cleaned",
      "5 a AbortError",
      "5 b AbortError",
      "15 b cleaned",
      "25 a cleaned",
      "25 task AbortError",
      "26 task cleaned",
      "26 ended",
    ]);
  });

  inBothStyles("waits for branches that were dropped before the abort", function* (style) {
    const log: string[] = [];
    const work = noting(style, log);
    const task = spawn(
      style.body(function* () {
        yield* get(race(work("loser", 100, 50), sleep(10)));
        try {
          yield* get(sleep(1000));
        } finally {
          log.push(`${style.clock.now()} body unwound`);
        }
      }),
    );
    yield* get(sleep(20));
    task.abort();
    expect((yield* get(task.settled())).status).toBe("cancelled");
    expect(log).toContain("60 loser cleaned");
    expect(style.clock.now()).toBe(60);
  });

  inBothStyles("a hundred branches unwind, however deep the tree", function* (style) {
    let cleaned = 0;
    const leaf = asyncFn(
      style.body(function* () {
        try {
          yield* get(sleep(1000));
        } finally {
          yield* get(sleep(1));
          cleaned++;
        }
      }),
    );
    const tree = (depth: number): Future<unknown> =>
      depth === 0
        ? leaf()
        : joinAll([tree(depth - 1), select({ a: tree(depth - 1) }), race(tree(depth - 1))]);
    const task = spawn(tree(4));
    yield* get(sleep(1));
    task.abort();
    yield* get(task.settled());
    expect([cleaned, style.clock.now()]).toEqual([81, 2]);
  });
});

inBothStyles("a branch that wins while another is being dropped keeps its value", function* (style) {
  const [tx, rx] = mpsc.channel<number>(1);
  const log: string[] = [];
  const work = noting(style, log);
  // The loser's cleanup sends what the caller's next recv gets.
  const loser = work("loser", 0, 0, () =>
    asyncFn(
      style.body(function* () {
        try {
          yield* get(sleep(100));
        } finally {
          yield* get(tx.send(7));
        }
      }),
    )(),
  );
  expect(
    yield* get(
      race(
        loser,
        sleep(5).map(() => "won"),
      ),
    ),
  ).toBe("won");
  expect(yield* get(rx.recv())).toBe(7);
});

inBothStyles("a select in a loop unwinds its loser each time", function* (style) {
  const log: string[] = [];
  const work = noting(style, log);
  for (let i = 0; i < 3; i++) yield* get(select({ work: work(`w${i}`, 100, 0), tick: sleep(1) }));
  expect(log).toEqual([1, 2, 3].flatMap((at) => [`${at} w${at - 1} AbortError`, `${at} w${at - 1} cleaned`]));
});
