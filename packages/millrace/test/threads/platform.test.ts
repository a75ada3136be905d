/** Where threads cannot be had, everything loads, and a call says what is missing. */
import { afterEach, expect, test, vi } from "vitest";
import { ThreadPool, type ThreadFn } from "millrace/threads";
import * as work from "./fixtures/work.ts";

afterEach(() => vi.unstubAllGlobals());

test.each(["with spawn", "with a call"])(
  "without shared memory a call is refused, by name (%s)",
  async (how) => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    const pool = new ThreadPool({ threads: 1 });
    const double: ThreadFn<[number], number> = work.double;
    const call = how === "with spawn" ? pool.spawn(double, 2) : double.with({ pool })(2);
    await expect(call).rejects.toThrow(/needs SharedArrayBuffer .*call fn\.local/);
    expect(double.local(2)).toBe(4);
    expect(pool.metrics().threads).toBe(0);
    await pool.shutdown();
  },
);
