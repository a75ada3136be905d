/** Durations: milliseconds, or an object shaped like `Temporal.Duration`. */

/** Milliseconds, or a `Temporal.Duration`-shaped object. Negative and NaN throw `RangeError`; `Infinity` never elapses. */
export type Duration =
  | number
  | { days?: number; hours?: number; minutes?: number; seconds?: number; milliseconds?: number };

/** Milliseconds of `duration`. */
export function toMs(caller: string, duration: Duration): number {
  const ms = typeof duration === "number" ? duration : sum(duration);
  if (ms >= 0) return ms;
  throw new RangeError(
    `${caller} expects a duration of 0 ms or more (a number, or { seconds: 5 }), got ${describe(duration)}`,
  );
}

function sum(duration: Exclude<Duration, number>): number {
  if (typeof duration !== "object" || duration === null) return NaN;
  const { days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = duration;
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
}

function describe(duration: unknown): string {
  return typeof duration === "object" && duration !== null ? JSON.stringify(duration) : String(duration);
}

/** A point in time of the runtime's clock. */
export function checkDeadline(caller: string, deadline: number): number {
  if (typeof deadline === "number" && !Number.isNaN(deadline)) return deadline;
  throw new RangeError(`${caller} expects a deadline in ms, as now() gives, got ${String(deadline)}`);
}

/** A count of things: a non-negative (or positive) integer. */
export function checkCount(caller: string, what: string, count: number, least: number): number {
  if (Number.isSafeInteger(count) && count >= least) return count;
  throw new RangeError(
    `${caller} expects ${what} to be an integer of at least ${least}, got ${String(count)}`,
  );
}
