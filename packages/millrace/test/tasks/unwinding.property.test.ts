/**
 * Random trees of calls, joins, selects, timeouts, shields and scopes, aborted at a random instant: they
 * unwind alike in both styles, the task ends only when all its cleanup has, and nothing is left.
 */
import {
  asyncFn,
  join,
  Runtime,
  scope,
  select,
  shield,
  sleep,
  spawn,
  timeout,
  tryJoin,
  type Future,
  type Outcome,
  type TaskScope,
} from "millrace";
import { paused } from "millrace/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { get, styles, type Steps, type Style } from "../both-styles.ts";
import { randomPrograms } from "../random-programs.ts";

type Tree =
  | { readonly kind: "sleep" | "fail"; wait: number }
  | { readonly kind: "call" | "shield"; readonly inner: Tree; wait: number }
  | { readonly kind: "timeout"; readonly inner: Tree; wait: number }
  | { readonly kind: "seq" | "join" | "tryJoin" | "select" | "scope"; readonly inner: readonly Tree[] };

const wait = fc.nat(1000);
const { tree } = fc.letrec<{ tree: Tree; several: Tree[] }>((tie) => ({
  several: fc.array(tie("tree"), { minLength: 1, maxLength: 3, depthIdentifier: "tree" }),
  tree: fc.oneof(
    { maxDepth: 4, depthIdentifier: "tree", withCrossShrink: true },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("sleep" as const), wait }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("fail" as const), wait }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom("call" as const, "shield" as const),
        inner: tie("tree"),
        wait,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("timeout" as const), inner: tie("tree"), wait }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          "seq" as const,
          "join" as const,
          "tryJoin" as const,
          "select" as const,
          "scope" as const,
        ),
        inner: tie("several"),
      }),
    },
  ),
}));

/** Every wait becomes a power of two of its own, so that no two things happen at one instant. */
function apart(root: Tree, abort: { wait: number }): Tree {
  const waits: { wait: number }[] = [abort];
  const copy = (each: Tree): Tree => {
    const inner =
      "inner" in each
        ? Array.isArray(each.inner)
          ? each.inner.map(copy)
          : copy(each.inner as Tree)
        : undefined;
    const result = { ...each, ...(inner === undefined ? {} : { inner }) } as Tree;
    if ("wait" in result) waits.push(result);
    return result;
  };
  const root2 = copy(root);
  waits.sort((a, b) => a.wait - b.wait);
  for (const [rank, each] of waits.entries()) each.wait = 2 ** rank;
  return root2;
}

class Program {
  readonly log: string[] = [];
  readonly begun: Set<string> = new Set();
  readonly #styleOf: (path: string) => Style;
  readonly #now: () => number;
  constructor(styleOf: (path: string) => Style, now: () => number) {
    this.#styleOf = styleOf;
    this.#now = now;
  }
  note(what: string): void {
    this.log.push(`${this.#now()} ${what}`);
  }

  *run(tree: Tree, path: string): Steps<void> {
    switch (tree.kind) {
      case "sleep":
        return yield* get(sleep(tree.wait));
      case "fail":
        yield* get(sleep(tree.wait));
        throw new RangeError(path);
      case "seq":
        for (const [i, each] of tree.inner.entries()) yield* this.run(each, `${path}.${i}`);
        return;
      case "call":
        return yield* get(this.call(tree.inner, path, tree.wait));
      case "shield":
        return yield* get(shield(this.#styleOf(path).body(() => this.body(tree.inner, path, tree.wait))));
      case "timeout":
        return yield* get(timeout(tree.wait, this.call(tree.inner, path, 0)));
      case "join":
      case "tryJoin": {
        const all = tree.inner.map((each, i) => this.call(each, `${path}.${i}`, 0));
        yield* get<unknown>(tree.kind === "join" ? join(...all) : tryJoin(...all));
        return;
      }
      case "select": {
        const branches = tree.inner.map((each, i) => [String(i), this.call(each, `${path}.${i}`, 0)]);
        yield* get(select(Object.fromEntries(branches) as Record<string, Future<void>>, { biased: true }));
        return;
      }
      case "scope":
        return yield* get(
          scope(this.#styleOf(path).body((s: TaskScope) => this.children(s, tree.inner, path))),
        );
    }
  }
  *children(s: TaskScope, inner: readonly Tree[], path: string): Steps<void> {
    for (const [i, each] of inner.slice(1).entries()) {
      s.spawn(this.#styleOf(`${path}.${i}`).body(() => this.body(each, `${path}.${i + 1}`, 0)));
    }
    yield* this.body(inner[0]!, `${path}.0`, 0);
  }
  call(tree: Tree, path: string, cleanup: number): Future<void> {
    return asyncFn(this.#styleOf(path).body(() => this.body(tree, path, cleanup)))();
  }
  *body(tree: Tree, path: string, cleanup: number): Steps<void> {
    this.begun.add(path);
    try {
      yield* this.run(tree, path);
      this.note(`${path} ${tree.kind} done`);
    } catch (error) {
      this.note(`${path} ${tree.kind} ${(error as Error).name}`);
      throw error;
    } finally {
      // The cancellation may as well arrive here.
      try {
        if (cleanup > 0) yield* get(sleep(cleanup));
      } finally {
        this.begun.delete(path);
        this.note(`${path} cleaned up`);
      }
    }
  }
}

async function run(
  styleOf: (path: string) => Style,
  tree: Tree,
  at: number,
): Promise<{ log: string[]; outcome: Outcome<void> }> {
  return await paused(
    async (clock) => {
      const program = new Program(styleOf, () => clock.now());
      const task = spawn(styleOf("").body(() => program.body(tree, "", 0)));
      const aborter = spawn(sleep(at).map(() => task.abort("why")));
      const outcome = await task.settled();
      program.note(outcome.status);
      expect([...program.begun]).toEqual([]);
      aborter.abort();
      await aborter.settled();
      const { aliveTasks, timers } = Runtime.current().metrics();
      expect({ aliveTasks, timers }).toEqual({ aliveTasks: 1, timers: 0 });
      return { log: program.log, outcome };
    },
    { cleanupWindow: 2 ** 50, onTaskFailure: "ignore" },
  );
}

test("trees of calls unwind alike in both styles, and leave nothing behind", async () => {
  await fc.assert(
    fc.asyncProperty(tree, wait, async (drawn, abortAt) => {
      const abort = { wait: abortAt };
      const program = apart(drawn, abort);
      const a = await run(() => styles[0]!, program, abort.wait);
      const b = await run(() => styles[1]!, program, abort.wait);
      const mixed = await run((path) => styles[path.length % 4 === 0 ? 0 : 1]!, program, abort.wait);
      // Within one instant an async body takes microtasks where a generator takes none.
      expect(a.log.sort()).toEqual(b.log.sort());
      expect(mixed.log.sort()).toEqual(b.log);
    }),
    randomPrograms(0.5),
  );
}, 20_000);
