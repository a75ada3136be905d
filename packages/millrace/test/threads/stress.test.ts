/** A minute of random work, faults and cancellations; `MILLRACE_STRESS=3600` makes it an hour. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const seconds = Number(process.env["MILLRACE_STRESS"] ?? 45);
const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() & 0xffff);

test(`${seconds} s of random work add up (seed ${seed})`, { timeout: (seconds + 90) * 1000 }, async () => {
  const program = fileURLToPath(new URL("fixtures/stress.ts", import.meta.url));
  const args = ["--conditions=@millrace/source", program, String(seconds), String(seed)];
  const timeout = (seconds + 80) * 1000;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout });
  expect(stderr).toBe("");
  const counts = JSON.parse(stdout) as Record<string, number>;
  const { started, fulfilled, failed, threadErrors, cancelled, other, wrong, queued, running } = counts;
  expect({ other, wrong, queued, running }).toEqual({ other: 0, wrong: 0, queued: 0, running: 0 });
  expect(fulfilled! + failed! + threadErrors! + cancelled!).toBe(started);
  expect(fulfilled).toBeGreaterThan(100);
});
