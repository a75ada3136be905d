/**
 * The two ways of measuring a workload, both inside a child process that one contender has for itself: what the
 * engine has specialised for one of them would slow down another.
 *
 * Turns: the process lives on from turn to turn, and is warm after the first (turns.ts). mitata times a turn: one
 * warm-up run, a garbage collection, then a few timed runs of which the median counts. A run does many thousand
 * operations in a loop of its own, because an `await` around every single one would cost more than most of them.
 * These workloads keep a processor busy and never wait, so what is timed is the processor, which other work on the
 * machine disturbs far less than the clock on the wall. Those between threads do wait (`isWaiting`): theirs is
 * the clock. A row about single operations (`p50`, `p99`) takes one more run of each turn.
 *
 * Fresh: one run, for processor time and memory.
 */
import { measure } from "mitata";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Laps } from "./laps.ts";
import type { Contender, Percentile, ProcessMetric, Workload } from "./workload.ts";

/** What a turn gave, an operation, by metric, or why it gave nothing. */
export type Turn =
  | (Readonly<Record<"time", number>> & Readonly<Partial<Record<Percentile, number>>>)
  | { readonly error: string };
/** What one run in a fresh process gave, by metric. */
export type Sample = Readonly<Record<ProcessMetric, number>> | { readonly error: string };

const RUNS_A_TURN = 3;

export async function measureTurn(
  workload: Workload,
  contender: Contender,
  options: { readonly quick: boolean; readonly wall: boolean },
): Promise<Turn> {
  const operations = operationsOf(workload, contender, options.quick);
  try {
    const stats = await measure(
      async () => {
        checkSum(workload, operations, await contender.run(operations, noLap));
      },
      {
        min_samples: RUNS_A_TURN,
        max_samples: RUNS_A_TURN,
        min_cpu_time: 0,
        now: options.wall || workload.isWaiting === true ? wallNanoseconds : processorNanoseconds,
      },
    );
    const time = stats.p50 / operations;
    if (!workload.measures.some(({ metric }) => metric === "p50" || metric === "p99")) return { time };
    const laps = new Laps(operations);
    checkSum(workload, operations, await contender.run(operations, laps.lap));
    return { time, p50: laps.percentile(50), p99: laps.percentile(99) };
  } catch (error) {
    return { error: describe(error) };
  }
}

const noLap = (): void => {};

/** User and system time, the collector's threads included. */
function processorNanoseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1e3;
}

function wallNanoseconds(): number {
  return performance.now() * 1e6;
}

export async function measureFresh(
  workload: Workload,
  contender: Contender,
  options: { readonly quick: boolean },
): Promise<Sample> {
  const operations = operationsOf(workload, contender, options.quick);
  try {
    await using _ = await contender.prepare?.();
    // Without this, one-time allocations (compiled code, tables) would count as the operations' heap.
    if (workload.measures.some(({ metric }) => metric === "heap"))
      await contender.run(WARM_UP_OPERATIONS, noLap);
    const heapBefore = await settledHeap();
    const residentBefore = process.memoryUsage.rss();
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    const sum = await contender.run(operations, noLap);
    const elapsed = performance.now() - start;
    const cpu = process.cpuUsage(cpuBefore);
    const peak = process.resourceUsage().maxRSS * 1024;
    checkSum(workload, operations, sum);
    return {
      time: (elapsed * 1e6) / operations,
      cpu: ((cpu.user + cpu.system) * 1e3) / operations,
      peak: Math.max(0, peak - residentBefore),
      heap: ((await settledHeap()) - heapBefore) / operations,
    };
  } catch (error) {
    return { error: describe(error) };
  }
}

export function operationsOf(workload: Workload, contender: Contender, quick: boolean): number {
  const operations = contender.operations ?? workload.operations;
  return quick ? Math.min(operations, workload.quickOperations) : operations;
}

/** Bytes in use once garbage, its finalizers included, is gone. */
export async function settledHeap(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    collectGarbage();
    await nextTurn();
  }
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("The benchmarks need node --expose-gc.");
  globalThis.gc();
}

/** A power of ten, for the sake of skynet. */
const WARM_UP_OPERATIONS = 1000;

function checkSum(workload: Workload, operations: number, sum: number): void {
  const expected = workload.checksum(operations);
  if (sum !== expected) {
    throw new Error(`wrong checksum after ${operations} operations: expected ${expected}, got ${sum}`);
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
