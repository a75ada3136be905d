/** Supervisors: what is restarted, with what, in which order, and when they give up. */
import { asyncFn, CancelledError, ClosedError, sleep, spawn, timeout, TimeoutError } from "millrace";
import { startActor, supervise, type ActorRef } from "millrace/actor";
import { step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles, type Steps } from "../both-styles.ts";
import { caught, expectMisuse } from "../sync/outcome.ts";
import { collecting, messages } from "./log.ts";

interface Worker {
  ping(): string;
  fail(message: string): void;
}
type Names = "a" | "b" | "c";

/** For tests of something else than what is reported. */
const QUIET = { onTaskFailure: "ignore" } as const;

/** Three children that note when they start and end; `refs` has the present ones. */
class Group {
  readonly log: string[] = [];
  readonly refs: Record<string, ActorRef<Worker>> = {};
  readonly starts: Record<string, number> = {};

  child(name: string): () => ActorRef<Worker> {
    return () => {
      const life = (this.starts[name] = (this.starts[name] ?? 0) + 1);
      this.log.push(`+${name}${life}`);
      const create = (): Worker & AsyncDisposable => ({
        ping: () => `${name}${life}`,
        fail: (message) => {
          throw new Error(message);
        },
        [Symbol.asyncDispose]: async () => {
          await sleep(1);
          this.log.push(`-${name}${life}`);
        },
      });
      return (this.refs[name] = startActor(create, { name }));
    };
  }
  get children(): Record<Names, () => ActorRef<Worker>> {
    return { a: this.child("a"), b: this.child("b"), c: this.child("c") };
  }
  /** What happened since it was last asked. */
  since(): string {
    return this.log.splice(0).join(" ");
  }
  *fail(name: Names, message: string = `boom ${name}`): Steps<void> {
    yield* get(this.refs[name]!.tell.fail(message));
    yield* get(sleep(10));
  }
}

describe("a child that fails", () => {
  for (const [strategy, restarts] of [
    ["oneForOne", "-b1 +b2"],
    ["oneForAll", "-b1 -c1 -a1 +a2 +b2 +c2"],
    ["restForOne", "-b1 -c1 +b2 +c2"],
  ] as const) {
    const collected = collecting();
    inBothStyles(
      `is restarted ${strategy}, those that go with it ended in reverse order and started in order`,
      function* () {
        collected.failures.length = 0;
        const group = new Group();
        const supervisor = spawn(supervise(group.children, { strategy }));
        yield* get(sleep(1));
        expect(group.since()).toBe("+a1 +b1 +c1");
        yield* group.fail("b");
        expect(group.since()).toBe(restarts);
        expect(yield* get(group.refs["b"]!.ask.ping())).toBe("b2");
        expect(collected.failures).toMatchObject([{ name: "b", error: { message: "boom b" } }]);
        for (const name of ["c", "a", "b"]) yield* get(group.refs[name]!.stop());
        yield* get(supervisor);
      },
      collected,
    );
  }

  inBothStyles(
    "of which its asker was told is not reported as well",
    function* () {
      const group = new Group();
      const supervisor = spawn(supervise({ a: group.child("a") }));
      yield* get(sleep(1));
      expect(yield* caught(group.refs["a"]!.ask.fail("told"))).toMatchObject({ message: "told" });
      yield* get(sleep(10));
      expect(yield* get(group.refs["a"]!.ask.ping())).toBe("a2");
      supervisor.abort();
      yield* caught(supervisor);
    },
    { onTaskFailure: (failure) => expect.fail(String(failure.error)) },
  );

  const left = collecting();
  inBothStyles(
    "of which its asker was told is reported after all when the asker goes without it",
    function* () {
      left.failures.length = 0;
      const group = new Group();
      const supervisor = spawn(supervise({ a: group.child("a") }));
      yield* get(sleep(1));
      const ask = step(group.refs["a"]!.ask.fail("left"));
      ask.poll();
      yield* get(sleep(10));
      expect([group.since(), messages(left.failures)]).toEqual(["+a1 -a1 +a2", []]);
      ask.drop();
      expect(messages(left.failures)).toEqual(["left"]);
      supervisor.abort();
      yield* caught(supervisor);
    },
    left,
  );

  inBothStyles(
    "to be created counts, and so does one that somebody else aborts",
    function* () {
      const group = new Group();
      let lives = 0;
      const flaky = (): ActorRef<object> =>
        startActor(async () => {
          await sleep(1);
          if (++lives === 2) throw new Error("no life");
          return {};
        });
      const supervisor = spawn(
        supervise({ a: group.child("a"), flaky }, { restarts: { limit: 2, within: 1000 } }),
      );
      yield* get(sleep(5));
      group.refs["a"]!.abort("killed");
      yield* get(sleep(5));
      expect(yield* get(group.refs["a"]!.ask.ping())).toBe("a2");
      group.refs["a"]!.abort("again");
      yield* get(sleep(5));
      group.refs["a"]!.abort("too often");
      const error = yield* caught(supervisor);
      expect(error).toBeInstanceOf(ClosedError);
      expect(error).toMatchObject({
        message: "actor 'a' was aborted, though not by its supervisor",
        cause: "too often",
      });
    },
    QUIET,
  );
});

describe("the end", () => {
  inBothStyles(
    "comes when all have stopped normally, and nothing that has is started again",
    function* () {
      const group = new Group();
      const supervisor = spawn(supervise(group.children, { strategy: "oneForAll" }));
      yield* get(sleep(1));
      yield* get(group.refs["a"]!.stop());
      yield* group.fail("c");
      expect(group.since()).toBe("+a1 +b1 +c1 -a1 -c1 -b1 +b2 +c2");
      yield* get(group.refs["c"]!.stop());
      expect(supervisor.isFinished).toBe(false);
      group.refs["b"]![Symbol.dispose]();
      yield* get(supervisor);
      expect(group.since()).toBe("-c2 -b2");
      yield* get(supervise({}));
    },
    QUIET,
  );

  inBothStyles(
    "past the limit ends the others in reverse order and throws the last failure",
    function* () {
      const group = new Group();
      const options = { restarts: { limit: 1, within: 100 } };
      const supervisor = spawn(supervise(group.children, options));
      yield* get(sleep(1));
      yield* group.fail("a");
      yield* get(sleep(100));
      yield* group.fail("c");
      group.since();
      yield* group.fail("b", "the last");
      expect(yield* caught(supervisor)).toMatchObject({ message: "the last" });
      expect(group.since()).toBe("-b1 -c2 -a2");
    },
    QUIET,
  );

  inBothStyles(
    "by default comes with the fourth restart of the group within five seconds",
    function* () {
      const group = new Group();
      const supervisor = spawn(supervise(group.children, { strategy: "oneForAll" }));
      yield* get(sleep(1));
      for (const name of ["a", "b", "c"] as const) yield* group.fail(name);
      expect(supervisor.isFinished).toBe(false);
      yield* group.fail("a", "fourth");
      expect(yield* caught(supervisor)).toMatchObject({ message: "fourth" });
    },
    QUIET,
  );

  inBothStyles(
    "by abandonment aborts the children in reverse order, and waits for them",
    function* ({ body }) {
      const group = new Group();
      const task = spawn(
        body(function* () {
          expect(yield* caught(timeout(10, supervise(group.children)))).toBeInstanceOf(TimeoutError);
        }),
      );
      yield* get(task);
      expect(group.since()).toBe("+a1 +b1 +c1 -c1 -b1 -a1");
      const aborted = spawn(supervise(group.children));
      yield* get(sleep(1));
      aborted.abort("enough");
      expect(yield* caught(aborted)).toBeInstanceOf(CancelledError);
      expect(group.since()).toBe("+a2 +b2 +c2 -c2 -b2 -a2");
    },
  );

  inBothStyles("before it is polled has started nothing", function* () {
    const group = new Group();
    supervise(group.children)[Symbol.dispose]();
    yield* get(sleep(1));
    expect(group.log).toEqual([]);
  });

  inBothStyles(
    "while a child is being ended for a restart leaves none behind",
    function* () {
      const group = new Group();
      const supervisor = spawn(supervise(group.children, { strategy: "oneForAll" }));
      yield* get(sleep(1));
      yield* get(group.refs["a"]!.tell.fail("boom"));
      yield* get(sleep(1.5));
      supervisor.abort();
      yield* caught(supervisor);
      const lives = group.log.map((line) => line.slice(1));
      for (const life of lives) expect(lives.filter((each) => each === life)).toHaveLength(2);
    },
    QUIET,
  );
});

describe("a function that throws instead of starting a child", () => {
  inBothStyles("at the start ends those that were started, and is thrown", function* () {
    const group = new Group();
    const error = new Error("cannot start");
    const broken = (): never => {
      throw error;
    };
    expect(yield* caught(supervise({ a: group.child("a"), b: group.child("b"), broken }))).toBe(error);
    // They had not begun to run.
    expect([group.refs["a"]!, group.refs["b"]!].map(({ queued }) => queued)).toEqual([0, 0]);
    expect(yield* get(group.refs["a"]!.stopped())).toMatchObject({ status: "cancelled" });
  });

  const collected = collecting();
  inBothStyles(
    "at a restart is tried again, up to the limit",
    function* () {
      collected.failures.length = 0;
      const group = new Group();
      const start = group.child("a");
      let calls = 0;
      const flaky = (): ActorRef<Worker> => {
        if (++calls === 2 || calls > 3) throw new Error(`cannot start ${calls}`);
        return start();
      };
      const supervisor = spawn(supervise({ flaky }));
      yield* get(sleep(1));
      yield* group.fail("a");
      expect(yield* get(group.refs["a"]!.ask.ping())).toBe("a2");
      expect(messages(collected.failures)).toEqual(["boom a", "cannot start 2"]);
      yield* group.fail("a");
      expect(yield* caught(supervisor)).toMatchObject({ message: "cannot start 4" });
    },
    collected,
  );
});

test("bad arguments are refused at the caller's line", () => {
  const call = supervise as (...args: unknown[]) => unknown;
  for (const children of [undefined, null, 3]) expectMisuse(TypeError, () => call(children));
  expectMisuse(TypeError, () => call({ a: {} }));
  expectMisuse(RangeError, () => call({}, { strategy: "oneForNone" }));
  expectMisuse(RangeError, () => call({}, { restarts: { limit: 0.5, within: 1 } }));
});

inBothStyles("a child that is no actor is refused", function* () {
  const call = supervise as (children: object) => ReturnType<typeof supervise>;
  expect(yield* caught(call({ a: () => ({}) }))).toMatchObject({ name: "TypeError" });
});

inBothStyles(
  "supervisors nest: one is a task in the actor of another",
  function* ({ body }) {
    const group = new Group();
    const inner = asyncFn(() => supervise({ a: group.child("a") }, { restarts: { limit: 0, within: 1 } }));
    const children = {
      inner: () =>
        startActor(() => {
          return {
            run: body(function* () {
              yield* get(inner());
            }),
          };
        }),
    };
    const supervisor = spawn(
      supervise(
        {
          inner: () => {
            const ref = children.inner();
            spawn(ref.tell.run());
            return ref;
          },
        },
        { restarts: { limit: 1, within: 1000 } },
      ),
    );
    yield* get(sleep(1));
    yield* group.fail("a", "first");
    expect(yield* get(group.refs["a"]!.ask.ping())).toBe("a2");
    yield* group.fail("a", "second");
    expect(yield* caught(supervisor)).toMatchObject({ message: "second" });
  },
  QUIET,
);
