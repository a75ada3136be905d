/**
 * `npm run test:all`: the suite on every platform, or on those named, and a table of what came out of it.
 *
 *     npm run test:all -- node24 deno            # these
 *     npm run test:all -- bun -- sync/mutex      # what follows the second -- goes to vitest
 *
 * Node 24, the first, is the one of `npm test`. The others run fewer random programs, unless MILLRACE_RUNS
 * says how many.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { excludedFiles } from "../test/platforms/exclusions.ts";
import {
  cache,
  executable,
  findChromium,
  type Platform,
  platformNamed,
  platforms,
} from "../test/platforms/platforms.ts";

interface Result {
  readonly platform: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Files that the list of exclusions leaves out as a whole; single tests of it are among the skipped ones. */
  readonly filesExcluded: number;
  readonly seconds: number;
  /** Why it was not run at all. */
  readonly absent?: string;
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

type Counts = Omit<Result, "platform" | "seconds" | "filesExcluded">;

const root = join(import.meta.dirname, "..");
const args = process.argv.slice(2);
const split = args.includes("--") ? args.indexOf("--") : args.length;
const named = args.slice(0, split).map(platformNamed);
const wanted = named.length > 0 ? named : platforms;
const filters = args.slice(split + 1);

mkdirSync(cache, { recursive: true });
const results = wanted.map((platform) => run(platform));
writeFileSync(join(cache, "results.json"), JSON.stringify(results));
console.log(`\n${table(results)}`);
if (results.some(({ failed }) => failed > 0)) process.exitCode = 1;

function run(platform: Platform): Result {
  const { name } = platform;
  console.log(`\n── the suite on ${name}`);
  const began = Date.now();
  const counted = (counts: Counts): Result => ({
    platform: name,
    ...counts,
    filesExcluded: countExcluded(platform),
    seconds: Math.round((Date.now() - began) / 1000),
  });
  const none = { passed: 0, failed: 0, skipped: 0 };
  if (name === "chromium" && findChromium() === undefined) {
    return counted({ ...none, absent: "no Chromium was found; CHROMIUM may name one" });
  }
  let runtime: string;
  try {
    runtime = executable(platform);
  } catch (error) {
    return counted({ ...none, absent: `its runtime could not be installed: ${String(error)}` });
  }
  const report = join(cache, `${name}.json`);
  rmSync(report, { force: true });
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const minutes = Number(process.env["MILLRACE_MINUTES"] ?? 15);
  const { status, error } = spawnSync(
    runtime,
    [...(platform.flags ?? []), vitest, "run", ...(platform.vitestFlags ?? []), ...reporters, ...filters],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      // What hangs on one platform must not take the others with it.
      timeout: (name === "node24" ? 15 : minutes) * 60_000,
      env: {
        ...process.env,
        ...platform.env,
        MILLRACE_PLATFORM: name,
        ...(name !== "node24" && { MILLRACE_RUNS: process.env["MILLRACE_RUNS"] ?? "200" }),
      },
    },
  );
  if (isTimeout(error) && !existsSync(report))
    return counted({ ...none, absent: `its suite was not over after ${minutes} minutes` });
  return counted(count(report, status === 0));
}

function countExcluded({ name }: Platform): number {
  const patterns = excludedFiles(name).map((each) => (each.endsWith("/**") ? `${each}/*.test.ts` : each));
  const exclude = (path: string): boolean => path.includes("node_modules");
  return new Set(globSync(patterns, { cwd: root, exclude })).size;
}

function isTimeout(error: (Error & { code?: string }) | undefined): boolean {
  return error?.code === "ETIMEDOUT";
}

/** A file that could not even be loaded is a failed one; so is an error, or a crash, that no test accounts for. */
function count(file: string, isFine: boolean): Counts {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  const passed = report.numPassedTests;
  let failed = report.numFailedTests + broken.length;
  if (failed === 0 && (!isFine || passed === 0)) failed = 1;
  return { passed, failed, skipped: report.numPendingTests };
}

function table(rows: readonly Result[]): string {
  const head = ["platform", "passed", "failed", "skipped", "files excluded", "seconds"];
  const lines = rows.map((each) =>
    [each.platform, each.passed, each.failed, each.skipped, each.filesExcluded, each.seconds].map(String),
  );
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)));
  const row = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  const notes = rows
    .filter(({ absent }) => absent !== undefined)
    .map((each) => `NOT RUN on ${each.platform}: ${each.absent}`);
  return [row(head), ...lines.map(row), ...notes].join("\n");
}
