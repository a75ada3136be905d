/**
 * What a row of the table is: a job, who does it, what is measured and what we promised.
 *
 * Every contender does the same job `operations` times and returns a checksum, which the harness
 * compares with the expected one: nobody wins by not doing the work.
 */

/** The table's columns of contenders. Several contenders may share one, and then all are shown. */
export type Column = "promise" | "effect" | "peer" | "await" | "yield*";

export interface Contender {
  readonly column: Column;
  /** Shown beside the figure for peers and for variants, and what `--contender` selects. */
  readonly name: string;
  /** One line: how it does the job. */
  readonly how: string;
  /** Fewer operations for a contender that is orders of magnitude slower. Figures are per operation. */
  readonly operations?: number;
  /** `lap` is to be called after each operation, by contenders of rows about single ones (`p50`, `p99`). */
  readonly run: (operations: number, lap: () => void) => Promise<number>;
  /** What is there while it runs; not measured. For fresh processes. */
  readonly prepare?: () => Promise<AsyncDisposable>;
}

/**
 * - `time`: nanoseconds an operation: of the processor where contenders take turns (see `measure.ts`), of
 *   the clock in a fresh process.
 * - `cpu`: processor nanoseconds (user and system) an operation.
 * - `peak`: bytes by which the process's peak resident set exceeds what it held before the run.
 * - `heap`: heap bytes an operation still reachable when the run is over.
 * - `p50`, `p99`: nanoseconds of the clock that the median operation takes, and the slowest of a hundred.
 */
export type Metric = "time" | "cpu" | "peak" | "heap" | Percentile;
/** Where contenders take turns. */
export type Percentile = "p50" | "p99";
/** In a fresh process. */
export type ProcessMetric = Exclude<Metric, Percentile>;

/**
 * A promise of ours: at most `ratio` times the promise column, at most `limit` in the metric's own unit, or
 * less than Effect and every other peer.
 */
export type Requirement =
  | { readonly column: "await" | "yield*"; readonly ratio: number }
  | { readonly column: "await" | "yield*"; readonly limit: number }
  | { readonly column: "await" | "yield*"; readonly isAheadOfPeers: true };

export interface Measure {
  readonly metric: Metric;
  /** What the row is called, when the workload's name alone does not say it. */
  readonly label?: string;
  readonly required: readonly Requirement[];
}

export interface Workload {
  readonly name: string;
  /** What one operation is. */
  readonly operation: string;
  readonly operations: number;
  /** For `--quick`. */
  readonly quickOperations: number;
  /** What the contenders must return for so many operations. */
  readonly checksum: (operations: number) => number;
  /**
   * `turns`: a process a contender, turn about, many rounds. `fresh process`: one process a contender and
   * round, for what depends on the state of the heap.
   */
  readonly method: "turns" | "fresh process";
  /** The clock is what counts, because one side waits for another: `time` is the clock's. */
  readonly isWaiting?: boolean;
  readonly measures: readonly Measure[];
  readonly contenders: readonly Contender[];
}

/**
 * How the workloads add up: as 32-bit integers that wrap. A sum that grew into a double would cost every
 * contender an allocation an operation.
 */
export function add(sum: number, value: number): number {
  return (sum + value) | 0;
}

/** The sum 0 + 1 + … + (count − 1): the checksum of most workloads. */
export function sumBelow(count: number): number {
  return ((count * (count - 1)) / 2) | 0;
}
