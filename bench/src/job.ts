/** What the parent asks of a child process, and how it is done there. One job, one process. */
import { createInterface } from "node:readline";
import { measureGrowth, series } from "./growth.ts";
import { measureFresh, measureTurn, type Sample, type Turn } from "./measure.ts";
import type { Slope } from "./slope.ts";
import { workloads } from "./workloads/index.ts";

export type Job =
  | {
      /** A turn for each line of the standard input. */
      readonly kind: "turns";
      readonly workload: string;
      readonly contender: string;
      readonly quick: boolean;
      readonly wall: boolean;
    }
  | { readonly kind: "fresh"; readonly workload: string; readonly contender: string; readonly quick: boolean }
  | { readonly kind: "growth"; readonly series: string; readonly quick: boolean };

interface Results {
  readonly turns: Turn;
  readonly fresh: Sample;
  readonly growth: Slope;
}
export type Result<J extends Job> = Results[J["kind"]];

/** In the child. */
export async function* perform(job: Job): AsyncGenerator<Result<Job>, void> {
  if (job.kind === "growth") {
    yield await measureGrowth(named(series, job.series), job);
    return;
  }
  const workload = named(workloads, job.workload);
  const contender = named(workload.contenders, job.contender);
  if (job.kind === "fresh") {
    yield await measureFresh(workload, contender, job);
    return;
  }
  for await (const _ of createInterface({ input: process.stdin }))
    yield await measureTurn(workload, contender, job);
}

function named<T extends { readonly name: string }>(things: readonly T[], name: string): T {
  const found = things.find((thing) => thing.name === name);
  if (found === undefined) throw new Error(`nothing here is called "${name}"`);
  return found;
}
