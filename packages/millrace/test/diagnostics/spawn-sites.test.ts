/** With diagnostics on, every report names the line that spawned the task. */
import { Runtime, sleep, spawn, type TaskFailure } from "millrace";
import { enable } from "millrace/diagnostics";
import { paused } from "millrace/testing";
import { describe, expect, test } from "vitest";

const HERE = /spawn-sites\.test\.ts:\d+:\d+$/;

async function failureOf(body: () => unknown): Promise<TaskFailure> {
  const failures: TaskFailure[] = [];
  const runtime = new Runtime({ onTaskFailure: (failure) => failures.push(failure) });
  await runtime.run(async () => {
    spawn(body, { name: "doomed" }).detach();
    await sleep(0);
  });
  await runtime.shutdown();
  expect(failures).toHaveLength(1);
  return failures[0]!;
}

describe.each([
  [
    "await",
    async () => {
      throw new Error("boom");
    },
  ],
  [
    "yield*",
    function* () {
      throw new Error("boom");
    },
  ],
])("a task in %s style", (_style, body) => {
  test("that fails unobserved is reported with the line that spawned it", async () => {
    using _ = enable();
    const failure = await failureOf(body);
    expect(failure.name).toBe("doomed");
    expect(failure.spawnedAt).toMatch(HERE);
  });

  test("has no spawn site while diagnostics are off, or are told to take no stacks", async () => {
    expect((await failureOf(body)).spawnedAt).toBeUndefined();
    using _ = enable({ stacks: false });
    expect((await failureOf(body)).spawnedAt).toBeUndefined();
  });
});

test("a deadlock names the lines", async () => {
  using _ = enable();
  const deadlock = paused(async () => {
    const first: { handle?: PromiseLike<unknown> } = {};
    const other = spawn(async () => first.handle, { name: "other" });
    first.handle = spawn(async () => other, { name: "first" });
    await other;
  });
  await expect(deadlock).rejects.toThrow(/task #\d+ 'other' .*spawn-sites\.test\.ts:\d+:\d+/);
});

test("recordings nest: what the latest disposes leaves the others on", async () => {
  const outer = enable();
  const inner = enable({ stacks: false });
  inner[Symbol.dispose]();
  inner[Symbol.dispose]();
  expect((await failureOf(() => Promise.reject(new Error("boom")))).spawnedAt).toMatch(HERE);
  outer[Symbol.dispose]();
  expect((await failureOf(() => Promise.reject(new Error("boom")))).spawnedAt).toBeUndefined();
});
