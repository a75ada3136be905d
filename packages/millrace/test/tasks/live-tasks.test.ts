/** Tasks that have not waited yet are found as well, wherever they are. */
import { expect, test } from "vitest";
import { LocalExecutor, Runtime, sleep, spawn, yieldNow } from "millrace";
import { enable, snapshot } from "millrace/diagnostics";

test("a task in its first poll, run inside its joiner's first poll, is among the live ones", async () => {
  using _ = enable({ stacks: false });
  await using runtime = new Runtime();
  let seen: (string | undefined)[] = [];
  await runtime.run(function* () {
    const outer = spawn(
      function* () {
        yield* spawn(
          function* () {
            spawn(() => {}, { name: "queued" });
            seen = snapshot().tasks.map(({ name }) => name);
          },
          { name: "inner" },
        );
      },
      { name: "outer" },
    );
    yield* outer;
  });
  for (const name of ["queued", "inner", "outer"]) expect(seen).toContain(name);
});

test("a runtime shut down from within the first poll of a task aborts that task, those around it and those not begun", async () => {
  const runtime = new Runtime();
  const ends: string[] = [];
  let report: Promise<{ aborted: number }> | undefined;
  const outer = runtime.spawn(function* () {
    try {
      yield* spawn(function* () {
        spawn(() => void ends.push("never begun"));
        report = runtime.shutdown();
        try {
          yield* sleep(60_000);
        } finally {
          ends.push("inner");
        }
      });
    } finally {
      ends.push("outer");
    }
  });
  expect((await outer.settled()).status).toBe("cancelled");
  await report;
  expect(ends.sort()).toEqual(["inner", "outer"]);
  expect(runtime.metrics().aliveTasks).toBe(0);
});

test("an executor driven from within a task knows both", async () => {
  using _ = enable({ stacks: false });
  const executor = new LocalExecutor();
  let seen: (string | undefined)[] = [];
  executor.spawn(
    function* () {
      yield* yieldNow();
      seen = snapshot().tasks.map(({ name }) => name);
    },
    { name: "listed" },
  );
  executor.tick();
  executor.spawn(
    function* () {
      executor.tick();
    },
    { name: "fresh" },
  );
  executor.tick();
  executor.tick();
  expect(seen).toContain("listed");
  expect(seen).toContain("fresh");
});

test("tasks held back by a limit are live before they start", async () => {
  const runtime = new Runtime();
  const names = await runtime.run(async () => {
    const { scope } = await import("millrace");
    return scope(
      async (tasks) => {
        tasks.spawn(() => sleep(1), { name: "first" });
        tasks.spawn(() => sleep(1), { name: "held" });
        return runtime.metrics().aliveTasks;
      },
      { limit: 1 },
    );
  });
  expect(names).toBe(3);
  await runtime.shutdown();
});
