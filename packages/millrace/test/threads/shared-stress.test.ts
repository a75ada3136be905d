/**
 * Random traffic through channels of one to four places between threads: some seconds of it;
 * `MILLRACE_STRESS=600` makes it ten minutes.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const seconds = Number(process.env["MILLRACE_STRESS"] ?? 10);
const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() & 0xffff);

test.each([
  ["shared memory", seconds],
  ["messages", seconds / 2],
] as const)(
  `messages through small channels are received once each, over %s, for %d s (seed ${seed})`,
  { timeout: (seconds + 150) * 1000 },
  async (transport, seconds) => {
    const program = fileURLToPath(new URL("fixtures/shared-stress.ts", import.meta.url));
    const args = ["--conditions=@millrace/source", program, String(seconds), String(seed)];
    const timeout = (seconds + 140) * 1000;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
      timeout,
      env: { ...process.env, MILLRACE_THREADS: transport },
    });
    expect(stderr).toBe("");
    const { rounds, messages } = JSON.parse(stdout) as { rounds: number; messages: number };
    expect(rounds).toBeGreaterThan(0);
    expect(messages).toBeGreaterThan(0);
  },
);
