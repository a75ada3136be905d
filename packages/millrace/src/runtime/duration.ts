/** Durations: milliseconds, or an object shaped like `Temporal.Duration`. */
import { shown } from "./argument.ts";

/** Milliseconds, or a `Temporal.Duration`-shaped object. Negative and NaN throw `RangeError`; `Infinity` never elapses. */
export type Duration =
  | number
  | { days?: number; hours?: number; minutes?: number; seconds?: number; milliseconds?: number };

/** Of the parts that a `Temporal.Duration` has; years and months have no fixed length. */
const MS_PER_PART: Readonly<Record<string, number>> = {
  years: NaN,
  months: NaN,
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
  microseconds: 1e-3,
  nanoseconds: 1e-6,
};

/** Milliseconds of `duration`. */
export function toMs(caller: string, duration: Duration): number {
  const ms = typeof duration === "number" ? duration : sum(duration);
  if (ms >= 0) return ms;
  throw new RangeError(
    `${caller} expects a duration of 0 ms or more (a number, or { seconds: 5 }), got ${shown(duration)}`,
  );
}

/** NaN unless every part that is there is a number, and at least one is. */
function sum(duration: Exclude<Duration, number>): number {
  if (typeof duration !== "object" || duration === null) return NaN;
  let ms = 0;
  let isEmpty = true;
  for (const [part, msPerPart] of Object.entries(MS_PER_PART)) {
    const count = (duration as Record<string, unknown>)[part];
    if (count === undefined) continue;
    if (typeof count !== "number") return NaN;
    isEmpty = false;
    if (count !== 0) ms += count * msPerPart;
  }
  return isEmpty ? NaN : ms;
}

/** A point in time of the runtime's clock. */
export function checkDeadline(caller: string, deadline: number): number {
  if (typeof deadline === "number" && !Number.isNaN(deadline)) return deadline;
  throw new RangeError(`${caller} expects a deadline in ms, as now() gives, got ${shown(deadline)}`);
}
