/**
 * A test that explores a program in both styles, as it is and with a cancellation at each suspension
 * point of its tasks. `finish` waits for tasks of which one may have been cancelled.
 */
import { joinSettled, type Body, type JoinHandle } from "millrace";
import { explore, type ExploreOptions } from "millrace/testing";
import { test } from "vitest";
import { get, styles, type Steps, type Style } from "../both-styles.ts";
import { tally } from "../tally.ts";
import { bounds, depth } from "./depth.ts";

export function explored(name: string, steps: (style: Style) => Steps<void>): void {
  for (const style of styles) {
    const body = style.body(() => steps(style)) as Body<void>;
    test(`${name} [${style.name}]`, { timeout: 20_000 * depth }, async () => {
      await tried(body, bounds);
    });
    test(`${name}, one of them cancelled [${style.name}]`, { timeout: 20_000 * depth }, async () => {
      await tried(body, { ...bounds, cancel: true });
    });
  }
}

async function tried(body: Body<void>, options: ExploreOptions): Promise<void> {
  const { schedules } = await explore(body, options);
  tally("explorations", 1);
  tally("schedules", schedules);
}

/** The ends of all: values of those that have ended well; a failure of any fails the run. */
export function* finish<T>(handles: readonly JoinHandle<T>[]): Steps<T[]> {
  const values: T[] = [];
  for (const outcome of yield* get(joinSettled(...handles))) {
    if (outcome.status === "rejected") throw outcome.reason;
    if (outcome.status === "fulfilled") values.push(outcome.value as T);
  }
  return values;
}

export function check(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
