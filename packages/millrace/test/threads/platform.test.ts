/** Where threads share no memory, calls go by message; where there are none, a call says what is missing. */
import { afterEach, expect, test, vi } from "vitest";
import { ThreadPool } from "millrace/threads";
import * as work from "./fixtures/work.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test.each(["SharedArrayBuffer", "Atomics"])("without %s to share, calls go by message", async (missing) => {
  const { load, store } = Atomics;
  vi.stubGlobal(missing, missing === "Atomics" ? { load, store } : undefined);
  await using pool = new ThreadPool({ threads: 1 });
  expect(pool.metrics().transport).toBe("messages");
  expect(await pool.spawn(work.double, 2)).toBe(4);
  expect(await work.double.with({ pool })(3)).toBe(6);
  expect(pool.metrics()).toMatchObject({ threads: 1, completed: 2, transport: "messages" });
});

test("without threads everything loads, and a call says what is missing", async () => {
  vi.stubGlobal("process", undefined);
  vi.resetModules();
  const threads = await import("millrace/threads");
  const double = threads.threaded(import.meta, (n: number) => n * 2);
  const refusal = /needs node:worker_threads, .*call fn\.local/;
  await expect(threads.spawnBlocking(double, 2)).rejects.toThrow(refusal);
  await expect(double(2)).rejects.toThrow(refusal);
  expect(double.local(2)).toBe(4);
});
