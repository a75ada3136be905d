/** Random trees of combinators over sleeps, against a naive model of when they end and with what. */
import {
  any,
  asyncFn,
  join,
  joinSettled,
  race,
  Runtime,
  select,
  sleep,
  spawn,
  timeout,
  TimeoutError,
  tryJoin,
  type Future,
} from "millrace";
import { paused, type TestClock } from "millrace/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { styles, get, type Style } from "../both-styles.ts";
import { randomPrograms } from "../random-programs.ts";

type Kind = "join" | "tryJoin" | "joinSettled" | "race" | "any" | "select";
type Tree =
  | { readonly kind: "leaf"; ms: number; readonly fails: boolean; readonly call: Style | null }
  | { readonly kind: "timeout"; ms: number; readonly children: readonly [Tree] }
  | { readonly kind: Kind; readonly children: readonly Tree[] };

/** How a tree ends: a value, or an error as text. */
interface End {
  readonly at: number;
  readonly ok: boolean;
  readonly value: unknown;
}

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({
      kind: fc.constant("leaf" as const),
      ms: fc.integer({ min: 1, max: 1000 }),
      fails: fc.boolean(),
      call: fc.constantFrom(null, ...styles),
    }),
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constantFrom<Kind>("join", "tryJoin", "joinSettled", "race", "any", "select"),
        children: fc.array(tie("tree"), { minLength: 1, maxLength: 4, size: "max" }),
      }),
    },
    fc.record({
      kind: fc.constant("timeout" as const),
      ms: fc.integer({ min: 1, max: 1000 }),
      children: fc.tuple(tie("tree")),
    }),
  ),
}));

/** Makes all durations different, in the order they were drawn, so that there is never a tie. */
function spread(root: Tree): void {
  const timed: { ms: number }[] = [];
  const visit = (node: Tree): void => {
    if ("ms" in node) timed.push(node);
    if (node.kind !== "leaf") node.children.forEach(visit);
  };
  visit(root);
  const order = timed.map(({ ms }, index) => ({ ms, index }));
  order.sort((a, b) => a.ms - b.ms || a.index - b.index);
  for (const [rank, { index }] of order.entries()) timed[index]!.ms = rank + 1;
}

function model(node: Tree): End {
  if (node.kind === "leaf") return { at: node.ms, ok: !node.fails, value: node.ms };
  const ends = node.children.map(model);
  const last = Math.max(...ends.map(({ at }) => at));
  const failed = ends.filter(({ ok }) => !ok);
  const first = (among: readonly End[]): End => among.reduce((a, b) => (a.at < b.at ? a : b));
  const index = (end: End): number => ends.indexOf(end);
  switch (node.kind) {
    case "timeout":
      return ends[0]!.at < node.ms ? ends[0]! : { at: node.ms, ok: false, value: "timeout" };
    case "join":
      if (failed.length === 0) return { at: last, ok: true, value: ends.map(({ value }) => value) };
      if (failed.length === 1) return { at: last, ok: false, value: failed[0]!.value };
      return { at: last, ok: false, value: { all: failed.map(({ value }) => value) } };
    case "tryJoin":
      if (failed.length === 0) return { at: last, ok: true, value: ends.map(({ value }) => value) };
      return first(failed);
    case "joinSettled":
      return { at: last, ok: true, value: ends.map(({ ok, value }) => ({ ok, value })) };
    case "race":
      return first(ends);
    case "any":
      if (failed.length < ends.length) return first(ends.filter(({ ok }) => ok));
      return { at: last, ok: false, value: { all: failed.map(({ value }) => value) } };
    case "select": {
      const end = first(ends);
      return end.ok ? { ...end, value: { key: `k${index(end)}`, value: end.value } } : end;
    }
  }
}

/** A leaf's failure is its duration. */
class LeafError extends Error {
  readonly ms: number;
  constructor(ms: number) {
    super(`leaf ${ms}`);
    this.ms = ms;
  }
}
function errorValue(error: unknown): unknown {
  if (error instanceof LeafError) return error.ms;
  if (error instanceof TimeoutError) return "timeout";
  if (error instanceof AggregateError) return { all: error.errors.map(errorValue) };
  throw error;
}

class Builder {
  /** Calls that have begun and not ended. */
  open: number = 0;

  build(node: Tree): Future<unknown> {
    if (node.kind === "leaf") return this.#leaf(node.ms, node.fails, node.call);
    const children = node.children.map((child) => this.build(child));
    switch (node.kind) {
      case "timeout":
        return timeout(node.ms, children[0]!);
      case "join":
        return join(...children);
      case "tryJoin":
        return tryJoin(...children);
      case "joinSettled":
        return joinSettled(...children).map((outcomes) =>
          outcomes.map((outcome) =>
            outcome.status === "fulfilled"
              ? { ok: true, value: outcome.value }
              : { ok: false, value: errorValue(outcome.reason) },
          ),
        );
      case "race":
        return race(...children);
      case "any":
        return any(...children);
      case "select":
        return select(Object.fromEntries(children.map((child, at) => [`k${at}`, child])));
    }
  }

  #leaf(ms: number, fails: boolean, call: Style | null): Future<unknown> {
    const end = (): number => {
      if (fails) throw new LeafError(ms);
      return ms;
    };
    if (call === null) return sleep(ms).map(end);
    const count = (by: number): void => {
      this.open += by;
    };
    return asyncFn(
      call.body(function* () {
        count(1);
        try {
          yield* get(sleep(ms));
          return end();
        } finally {
          count(-1);
        }
      }),
    )();
  }
}

for (const style of styles) {
  test(`a tree of combinators ends when, and with what, the model says [${style.name}]`, () =>
    fc.assert(
      fc.asyncProperty(tree, fc.integer(), async (root, seed) => {
        spread(root);
        const builder = new Builder();
        const end: End = await paused(
          style.body(function* (clock: TestClock) {
            const future = builder.build(root);
            const outcome = yield* get(future.settled());
            const at = clock.now();
            yield* get(clock.settle());
            expect(Runtime.current().metrics().timers).toBe(0);
            return outcome.status === "fulfilled"
              ? { at, ok: true, value: outcome.value }
              : { at, ok: false, value: errorValue(outcome.reason) };
          }),
          { seed },
        );
        expect(end).toEqual(model(root));
        expect(builder.open).toBe(0);
      }),
      randomPrograms(0.2, 1),
    ));
}

for (const style of styles) {
  test(`a tree of combinators aborted at any moment leaves nothing behind [${style.name}]`, () =>
    fc.assert(
      fc.asyncProperty(tree, fc.integer({ min: 0, max: 20 }), fc.integer(), async (root, at, seed) => {
        spread(root);
        const builder = new Builder();
        await paused(
          style.body(function* (clock: TestClock) {
            const task = spawn(builder.build(root));
            yield* get(sleep(at));
            task.abort();
            const outcome = yield* get(task.settled());
            const end = model(root);
            if (end.at < at) expect(outcome.status).not.toBe("cancelled");
            if (end.at > at) expect(outcome.status).toBe("cancelled");
            expect(clock.now()).toBe(at);
            expect(Runtime.current().metrics()).toMatchObject({ timers: 0, aliveTasks: 1 });
          }),
          // A leaf that fails in the very moment in which it is abandoned is reported: nobody saw it.
          { seed, onTaskFailure: "ignore" },
        );
        expect(builder.open).toBe(0);
      }),
      randomPrograms(0.2, 1),
    ));
}
