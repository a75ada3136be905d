/** With diagnostics on, every report names the line that spawned the task. */
import { Runtime, sleep, spawn, type TaskFailure } from "millrace";
import { enable, snapshot } from "millrace/diagnostics";
import { paused } from "millrace/testing";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { usersPosition } from "../../src/diagnostics/call-site.ts";
import { shortPosition } from "../../src/diagnostics/source-position.ts";

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

test("each task has the line that spawned it, not that of another in the same file", async () => {
  using _ = enable();
  const first = spawn(() => sleep(1));
  const second = spawn(() => sleep(1));
  const sites = snapshot().tasks.map(({ spawnedAt }) => Number(/:(\d+):\d+$/.exec(spawnedAt!)![1]));
  expect(sites).toEqual([sites[0], sites[0]! + 1]);
  await Promise.all([first, second]);
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

test("positions in compiled code are those of its source, by its map", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-"));
  try {
    // Line 1 of the compiled file is line 3, column 5 of the source.
    const map = { version: 3, sources: ["../src/jobs.ts"], names: [], mappings: "AAEI" };
    writeFileSync(join(folder, "jobs.js"), "spawn();\n//# sourceMappingURL=jobs.js.map\n");
    writeFileSync(join(folder, "jobs.js.map"), JSON.stringify(map));
    expect(shortPosition(join(folder, "jobs.js"), 1, 1)).toBe(`${join(tmpdir(), "src/jobs.ts")}:3:5`);
    const inline = Buffer.from(JSON.stringify(map)).toString("base64");
    writeFileSync(
      join(folder, "inline.js"),
      `spawn();\n//# sourceMappingURL=data:application/json;base64,${inline}\n`,
    );
    expect(shortPosition(join(folder, "inline.js"), 1, 1)).toBe(`${join(tmpdir(), "src/jobs.ts")}:3:5`);
    writeFileSync(join(folder, "plain.js"), "spawn();\n");
    expect(shortPosition(join(folder, "plain.js"), 1, 1)).toBe(`${join(folder, "plain.js")}:1:1`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  expect(shortPosition(join(process.cwd(), "src/a.ts"), 2, 3)).toBe("src/a.ts:2:3");
});

test("a recording that begins and ends within a poll leaves the outer one right", async () => {
  using _ = enable();
  const task = spawn(
    function* () {
      const inner = enable({ stacks: false });
      yield* sleep(1);
      inner[Symbol.dispose]();
      yield* sleep(1);
    },
    { name: "nested" },
  );
  await task;
  await spawn(function* () {});
  expect(snapshot().tasks.find(({ name }) => name === "nested")?.state).toBe("done");
  expect(snapshot().tasks.filter(({ state }) => state === "running")).toEqual([]);
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

test("the packages that belong to the library are not the user's code, and no others", () => {
  for (const file of [
    "file:///app/node_modules/@millrace/http/dist/client/http-call.js",
    "/app/node_modules/.pnpm/@millrace+sql@0.1.0/node_modules/@millrace/sql/dist/pool.js",
    "C:\\app\\node_modules\\@millrace\\http\\dist\\index.js",
  ]) {
    expect(usersPosition(`    at call (${file}:3:4)`), file).toBeUndefined();
  }
  for (const file of [
    "file:///app/src/main.js",
    "/app/node_modules/other/dist/index.js",
    "/app/node_modules/@millrace-fans/http/index.js",
    "/app/packages/http/src/index.js",
  ]) {
    expect(usersPosition(`    at call (${file}:3:4)`), file).toMatch(/:3:4$/);
  }
});
