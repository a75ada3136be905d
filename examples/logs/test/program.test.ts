/** The program as its user runs it. */
import { execFile } from "node:child_process";
import { readFile, rm, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const program = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const start = (nodeArgs: readonly string[], ...args: string[]) =>
  promisify(execFile)(process.execPath, ["--conditions=@millrace/source", ...nodeArgs, program, ...args]);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-logs-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test(
  "it sums up a log many times the size of its heap while the log is written",
  { timeout: 60_000 },
  async () => {
    const out = join(folder, "windows.jsonl");
    // The log has 50 MB, of which a heap of 20 MB could not hold half.
    const { stdout, stderr } = await start(
      ["--max-old-space-size=20"],
      "--lines",
      "1000000",
      "--delay",
      "1",
      "--out",
      out,
    );
    expect(stderr).toBe("");
    expect(stdout).toContain("1000000 lines, 49.6 MB");
    expect(stdout).toContain("malformed  1000 lines");
    const windows = (await readFile(out, "utf8")).trimEnd().split("\n");
    expect(windows).toHaveLength(1000);
    expect((JSON.parse(windows[999]!) as { requests: number }).requests).toBe(999);
  },
);

test("it reads a log that is there", async () => {
  const log = join(folder, "access.log");
  await writeFile(log, "2026-01-01T00:00:00Z GET /a 200 5 ms\nnot a line\n");
  const { stdout } = await start([], log);
  expect(stdout).toMatch(/2 lines.*\n.*1 lines\n.*1, 0 of them late\n.*1\n/);
});

test("it says what is wrong with its arguments", async () => {
  const failed = (await start([], "--lines", "many").catch((error: unknown) => error)) as {
    code: number;
    stderr: string;
  };
  expect(failed.code).toBe(2);
  expect(failed.stderr).toContain("--lines expects an integer of at least 0, got many");
});

test("it explains itself", async () => {
  expect((await start([], "--help")).stdout).toContain("--follow");
});
