/** A request from its first attempt to its last, within its total time and as long as its signal allows. */
import { asyncFn, CancelledError, now, sleep, timeout, TimeoutError, type Future, type Routine } from "millrace";
import { RequestAbandonedError, RequestTimeoutError } from "../errors.ts";
import { attempt, type Sending } from "./attempt.ts";
import type { Reader } from "./lease.ts";
import type { RequestPlan } from "./request-plan.ts";
import { waitBefore, type AttemptError } from "./retry.ts";

/** What comes of it; nothing happens before somebody asks. */
export function send<T>(sending: Sending, plan: RequestPlan, read: Reader<T>): Future<T> {
  const isBounded = plan.totalTimeout !== Infinity || plan.signal !== undefined;
  return (isBounded ? bounded : request)(sending, plan, read as Reader<unknown>) as Future<T>;
}

const request = asyncFn(function* request(
  sending: Sending,
  plan: RequestPlan,
  read: Reader<unknown>,
): Routine<unknown> {
  for (let failures = 1; ; failures++) {
    try {
      return yield* attempt(sending, plan, read);
    } catch (error) {
      const wait = waitBefore(plan.retry, plan.method, error, failures);
      if (wait === undefined) throw error;
      plan.retry.onRetry?.(error as AttemptError, wait);
      yield* sleep(wait);
    }
  }
});

const bounded = asyncFn(function* boundedRequest(
  sending: Sending,
  plan: RequestPlan,
  read: Reader<unknown>,
): Routine<unknown> {
  const { signal, totalTimeout } = plan;
  plan.deadline = now() + totalTimeout;
  const limited = timeout(totalTimeout, request(sending, plan, read));
  try {
    return yield* signal === undefined ? limited : limited.until(signal);
  } catch (error) {
    if (error instanceof TimeoutError && !(error instanceof RequestTimeoutError))
      throw new RequestTimeoutError(plan, "total", totalTimeout);
    if (error instanceof CancelledError && signal !== undefined && hasFired(signal))
      throw new RequestAbandonedError(plan, "given up, since its signal fired", error.reason);
    throw error;
  }
});

function hasFired(signal: NonNullable<RequestPlan["signal"]>): boolean {
  return signal instanceof AbortSignal ? signal.aborted : signal.isCancelled;
}
