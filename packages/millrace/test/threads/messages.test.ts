/** The same tests where threads share no memory: everything goes by message. */
import { ThreadPool } from "millrace/threads";
import { expect, test } from "vitest";

process.env["MILLRACE_THREADS"] = "messages";

test("a pool says that it goes by message", async () => {
  await using pool = new ThreadPool({ threads: 1 });
  expect(pool.metrics().transport).toBe("messages");
});

await import("./calls.test.ts");
await import("./faults.test.ts");
await import("./par-map.test.ts");
await import("./shared.test.ts");
await import("./thread-bound.test.ts");
await import("./shutdown.test.ts");
