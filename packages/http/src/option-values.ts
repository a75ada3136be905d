/** What options say: durations and counts. */
import type { Duration } from "millrace";

const MS_PER_PART = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
} as const;

/** @throws TypeError unless they are an object. */
export function optionsOf<O>(caller: string, options: O): O {
  if (typeof options === "object" && options !== null) return options;
  throw new TypeError(`${caller} expects options to be an object, got ${describe(options)}`);
}

/** @throws RangeError unless it is a duration of at least 0; `Infinity` is one. */
export function milliseconds(caller: string, what: string, duration: Duration): number {
  let ms = NaN;
  if (typeof duration === "number") ms = duration;
  else if (typeof duration === "object" && duration !== null) {
    ms = 0;
    for (const part of Object.keys(MS_PER_PART) as (keyof typeof MS_PER_PART)[])
      ms += (duration[part] ?? 0) * MS_PER_PART[part];
  }
  if (ms >= 0) return ms;
  throw new RangeError(
    `${caller} expects ${what} to be a duration of 0 ms or more (a number, or { seconds: 5 }), got ${describe(duration)}`,
  );
}

/** @throws RangeError unless it is an integer of at least `least`, or `Infinity`. */
export function count(caller: string, what: string, value: number, least: number): number {
  if (value === Infinity || (Number.isSafeInteger(value) && value >= least)) return value;
  throw new RangeError(
    `${caller} expects ${what} to be an integer of at least ${least}, or Infinity, got ${describe(value)}`,
  );
}

function describe(value: unknown): string {
  return typeof value === "string" || typeof value === "object"
    ? JSON.stringify(value)
    : `${value as number}`;
}
