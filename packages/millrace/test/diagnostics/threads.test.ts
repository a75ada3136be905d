/** Calls on threads in a snapshot: tasks of their own kind, and the pool that they wait for. */
import { sleep, spawn } from "millrace";
import { enable, snapshot, subscribe } from "millrace/diagnostics";
import { ThreadPool } from "millrace/threads";
import { describe, expect, test } from "vitest";
import { get, styles } from "../both-styles.ts";
import * as work from "../threads/fixtures/work.ts";

describe.each(styles)("in $name style", ({ body }) => {
  test("a call on a thread is a task of kind 'thread' that waits for its pool", async () => {
    using _ = enable();
    const spawned: string[] = [];
    using _subscription = subscribe((event) => {
      if (event.type === "spawn") spawned.push(event.task.kind);
    });
    const pool = new ThreadPool({ threads: 1, name: "crunching" });
    try {
      const program = spawn(
        body(function* () {
          const handle = pool.spawn(work.later, 500, "done");
          const direct = spawn(work.later.with({ pool })(500, "too"));
          // The thread is started for these calls.
          while (pool.metrics().running < 2) yield* get(sleep(5));
          const { tasks, resources } = snapshot();
          const results = [yield* get(handle), yield* get(direct)];
          return { tasks, resources, results };
        }),
      );
      const { tasks, resources, results } = await program;
      expect(results).toEqual(["done", "too"]);
      expect(spawned).toEqual(["task", "thread", "task"]);
      const shown = resources.find(({ name }) => name === "crunching")!;
      expect(shown).toMatchObject({ kind: "pool", attributes: { threads: 1, running: 2, queued: 0 } });
      expect(shown.createdAt).toMatch(/threads\.test\.ts:\d+:\d+$/);
      const waiting = tasks.filter(({ waitingOn }) => waitingOn?.resource === shown.id);
      expect(waiting.map(({ kind }) => kind)).toEqual(["thread", "task"]);
      expect(waiting.map(({ id }) => id)).toEqual(shown.waiters);
      expect(waiting[0]!.waitingOn!.operation).toBe(`${waiting[0]!.name} on a thread`);
    } finally {
      await pool.shutdown();
    }
  });
});
