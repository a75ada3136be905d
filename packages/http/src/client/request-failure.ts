/** What a request fails with, made of what a wait of it has thrown. */
import { CancelledError, TimeoutError } from "millrace";
import { RequestTimeoutError } from "../errors.ts";
import type { Lease } from "./lease.ts";
import { toNetworkError } from "./network-failure.ts";
import type { RequestPlan } from "./request-plan.ts";

export function requestFailure(plan: RequestPlan, lease: Lease, cause: unknown): unknown {
  if (cause instanceof CancelledError) return cause;
  return toTimeout(plan, lease, cause) ?? toNetworkError(plan, cause);
}

/** If it was the attempt's own limit. */
export function toTimeout(plan: RequestPlan, lease: Lease, cause: unknown): RequestTimeoutError | undefined {
  return cause instanceof TimeoutError && lease.isLate
    ? new RequestTimeoutError(plan, "attempt", plan.timeout)
    : undefined;
}
