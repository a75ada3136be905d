/** What bounds a request from outside, all attempts and the body included: its total time, and its signal. */
import { CancelledError, now, timeoutAt, TimeoutError, type Future, type Routine } from "millrace";
import { RequestAbandonedError, RequestTimeoutError } from "../errors.ts";
import type { RequestPlan } from "./request-plan.ts";

export function isBounded({ totalTimeout, signal }: RequestPlan): boolean {
  return totalTimeout !== Infinity || signal !== undefined;
}

/** A part of the request, given up when its time is over or its signal fires. */
export function* bounded<T>(plan: RequestPlan, part: Future<T>): Routine<T> {
  const { signal, deadline, totalTimeout } = plan;
  const limited = deadline === Infinity ? part : timeoutAt(deadline, part);
  try {
    return yield* signal === undefined ? limited : limited.until(signal);
  } catch (error) {
    const isLate =
      error instanceof TimeoutError && !(error instanceof RequestTimeoutError) && now() >= deadline;
    if (isLate) throw new RequestTimeoutError(plan, "total", totalTimeout);
    if (error instanceof CancelledError && signal !== undefined && hasFired(signal))
      throw new RequestAbandonedError(plan, "given up, since its signal fired", error.reason);
    throw error;
  }
}

function hasFired(signal: NonNullable<RequestPlan["signal"]>): boolean {
  return signal instanceof AbortSignal ? signal.aborted : signal.isCancelled;
}
