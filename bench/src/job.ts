/** What the parent asks of a child process, and how it is run there. One job, one process. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { measureGrowth, series } from "./growth.ts";
import { type Figures, measureAlternating, measureFresh, type Sample } from "./measure.ts";
import type { Slope } from "./slope.ts";
import { workloads } from "./workloads/index.ts";

export type Job =
  | {
      readonly kind: "alternating";
      readonly workload: string;
      readonly contenders: readonly string[];
      readonly rounds: number;
      readonly quick: boolean;
      readonly wall: boolean;
    }
  | { readonly kind: "fresh"; readonly workload: string; readonly contender: string; readonly quick: boolean }
  | { readonly kind: "growth"; readonly series: string; readonly quick: boolean };

interface Results {
  readonly alternating: Record<string, Figures>;
  readonly fresh: Sample;
  readonly growth: Slope;
}
export type Result<J extends Job> = Results[J["kind"]];

/** In the child. */
export async function perform(job: Job): Promise<Results[Job["kind"]]> {
  if (job.kind === "growth") {
    return measureGrowth(named(series, job.series), job);
  }
  const workload = named(workloads, job.workload);
  if (job.kind === "fresh") return measureFresh(workload, named(workload.contenders, job.contender), job);
  return measureAlternating(
    workload,
    job.contenders.map((name) => named(workload.contenders, name)),
    job,
  );
}

/** In the parent: the child runs with this process's flags, and what it says on standard error is passed on. */
export async function inChild<J extends Job>(job: J): Promise<Result<J>> {
  const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
  const args = [...process.execArgv, worker, JSON.stringify(job)];
  try {
    const limits = { maxBuffer: 64 * 1024 * 1024, timeout: TIME_LIMIT_MS };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, limits);
    if (stderr !== "") process.stderr.write(stderr);
    return JSON.parse(stdout) as Result<J>;
  } catch (error) {
    const { code, signal, stderr = "" } = error as { code?: unknown; signal?: unknown; stderr?: string };
    const why =
      signal === "SIGTERM"
        ? `stopped after ${TIME_LIMIT_MS / 1000} s`
        : (stderr.match(/^\w*Error: .*$/m)?.[0] ?? `ended with ${String(signal ?? code)}`);
    throw new Error(`the child process failed: ${why}`, { cause: error });
  }
}

/** Far beyond what any job should take; the alternating ones take the longest. */
const TIME_LIMIT_MS = 180_000;

function named<T extends { readonly name: string }>(things: readonly T[], name: string): T {
  const found = things.find((thing) => thing.name === name);
  if (found === undefined) throw new Error(`nothing here is called "${name}"`);
  return found;
}
