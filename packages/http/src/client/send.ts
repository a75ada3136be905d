/** A request from its first attempt to its last, within its total time and as long as its signal allows. */
import { asyncFn, now, sleep, type Future, type Routine } from "millrace";
import { attempt, type Sending } from "./attempt.ts";
import { bounded, isBounded } from "./bounds.ts";
import type { Reader } from "./lease.ts";
import type { RequestPlan } from "./request-plan.ts";
import { waitBefore, type AttemptError } from "./retry.ts";

/**
 * What comes of it; nothing happens before somebody asks. `isWatched`: what `read` gives still holds the
 * connection.
 */
export function send<T>(
  sending: Sending,
  plan: RequestPlan,
  read: Reader<T>,
  isWatched: boolean = false,
): Future<T> {
  const call = isBounded(plan) ? boundedRequest : request;
  return call(sending, plan, read as Reader<unknown>, isWatched) as Future<T>;
}

const request = asyncFn(function* request(
  sending: Sending,
  plan: RequestPlan,
  read: Reader<unknown>,
  isWatched: boolean,
): Routine<unknown> {
  for (let failures = 1; ; failures++) {
    try {
      return yield* attempt(sending, plan, read, isWatched);
    } catch (error) {
      const wait = waitBefore(plan.retry, plan.method, error, failures);
      if (wait === undefined) throw error;
      plan.retry.onRetry?.(error as AttemptError, wait);
      yield* sleep(wait);
    }
  }
});

const boundedRequest = asyncFn(
  (sending: Sending, plan: RequestPlan, read: Reader<unknown>, isWatched: boolean): Routine<unknown> => {
    plan.deadline = now() + plan.totalTimeout;
    return bounded(plan, request(sending, plan, read, isWatched));
  },
);
