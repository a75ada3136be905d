/** The bank under virtual time, and as the program that it is. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { paused } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { InjectedFault } from "../src/faults.ts";
import { defaults, run, type Options, type Summary } from "../src/run.ts";

/** Also what was reported because it reached nobody. */
async function day(changes: Partial<Options>): Promise<Summary & { readonly reported: readonly unknown[] }> {
  const reported: unknown[] = [];
  const onTaskFailure = ({ error }: { error: unknown }): void => void reported.push(error);
  const summary = await paused(() => run({ ...defaults, ...changes }), { onTaskFailure });
  return { ...summary, reported };
}

describe("a day at the bank", () => {
  test.each([1, 2, 3, 4, 5])("loses no money, whatever fails (seed %i)", async (seed) => {
    const summary = await day({ seed });
    expect(summary.audit).toEqual({ before: 8000, after: 8000, complaints: [] });
    expect(summary.completed + summary.refused).toBe(defaults.transfers);
    expect(summary.volume.orders).toBe(summary.completed);
    expect(summary.restarts).toBeGreaterThan(5);
    expect(summary.retries).toBeGreaterThanOrEqual(summary.restarts);
    // Each crash has ended an account, which was started again, or was one of the statistics, and reported.
    expect(summary.reported.every((error) => error instanceof InjectedFault)).toBe(true);
    expect(summary.restarts).toBeLessThanOrEqual(summary.crashes);
  });

  test("goes the same way for the same seed", async () => {
    const [first, second] = [await day({ seed: 7 }), await day({ seed: 7 })];
    expect({ ...first, reported: first.reported.length }).toEqual({
      ...second,
      reported: second.reported.length,
    });
  });

  test("without faults needs no second try", async () => {
    const quiet = await day({ faults: { crashes: 0, stalls: 0, stallMs: 0 }, atOnce: 4 });
    expect(quiet).toMatchObject({
      crashes: 0,
      restarts: 0,
      retries: 0,
      reported: [],
      audit: { complaints: [] },
    });
  });

  test("on which too much fails ends with the last failure", async () => {
    const broken = day({ faults: { crashes: 1000, stalls: 0, stallMs: 0 }, restartLimit: 20 });
    await expect(broken).rejects.toThrow(InjectedFault);
  });
});

describe("the program", () => {
  const program = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const start = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["--conditions=@millrace/source", program, ...args]);

  test("prints a report, and leaves nothing behind", async () => {
    const { stdout, stderr } = await start();
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^transfers +200, 16 at once$/m);
    expect(stdout).toMatch(/^money before +8000\nmoney after +8000$/m);
    expect(stdout).toContain("Not a coin was lost");
  });

  test("refuses a seed that is none", async () => {
    await expect(start("coin")).rejects.toMatchObject({
      code: 2,
      stderr: "bank: the seed must be an integer, got coin\n",
    });
  });
});
