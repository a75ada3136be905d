/** What a request fails with, made of what the platform, or a wait, has thrown. */
import { CancelledError, TimeoutError } from "millrace";
import { HttpError, RequestTimeoutError } from "../errors.ts";
import type { Lease } from "./lease.ts";
import { toNetworkError } from "./network-failure.ts";
import type { RequestPlan } from "./request-plan.ts";

export function requestFailure(plan: RequestPlan, cause: unknown): unknown {
  return cause instanceof HttpError || cause instanceof CancelledError ? cause : toNetworkError(plan, cause);
}

/** If it was the attempt's own limit. */
export function toTimeout(plan: RequestPlan, lease: Lease, cause: unknown): RequestTimeoutError | undefined {
  return cause instanceof TimeoutError && !(cause instanceof RequestTimeoutError) && lease.isLate
    ? new RequestTimeoutError(plan, "attempt", plan.timeout)
    : undefined;
}
