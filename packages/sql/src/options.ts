/** What options are given, checked at the caller's line. */
import type { Duration } from "millrace";
import type { Begin } from "./queries.ts";

/** The longest time that timers, and the lock of an SQLite file, can be told to wait: 24 days. */
export const LONGEST_WAIT: number = 2 ** 31 - 1;

export function optionsOf<O>(caller: string, options: O): O {
  if (typeof options === "object" && options !== null) return options;
  throw new TypeError(`${caller} expects options to be an object, got ${JSON.stringify(options)}`);
}

export function wholeNumber(caller: string, name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(
    `${caller} expects ${name} to be an integer of at least ${least}, got ${String(value)}`,
  );
}

export function milliseconds(caller: string, name: string, value: Duration): number {
  const {
    days = 0,
    hours = 0,
    minutes = 0,
    seconds = 0,
    milliseconds: rest = 0,
  } = typeof value === "number" ? { milliseconds: value } : value;
  const ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + rest;
  if (ms >= 0) return ms;
  throw new RangeError(
    `${caller} expects ${name} to be a duration of at least 0 ms, got ${JSON.stringify(value)}`,
  );
}

const ISOLATIONS: readonly unknown[] = ["read committed", "repeatable read", "serializable"];

/** It becomes a part of a statement. */
export function requireIsolation(caller: string, isolation: Begin["isolation"]): void {
  if (isolation === undefined || ISOLATIONS.includes(isolation)) return;
  throw new RangeError(
    `${caller} expects isolation to be one of ${ISOLATIONS.join(", ")}, got ${JSON.stringify(isolation)}`,
  );
}
