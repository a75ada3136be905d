/**
 * One attempt: get in line, send, look at the status, and hand the response to whoever reads it.
 *
 * Whatever ends it early (a failure, the time limit, abandonment) aborts the request on the wire and gives
 * its place back; both are in the `Lease`, which a response with an unread body takes along.
 */
import { asyncFn, CancelledError, timeout, TimeoutError, type Routine } from "millrace";
import { RequestTimeoutError, StatusError } from "../errors.ts";
import { bodyStart } from "./body-bytes.ts";
import type { InFlight } from "./in-flight.ts";
import { Lease } from "./lease.ts";
import { toNetworkError } from "./network-failure.ts";
import type { RequestPlan } from "./request-plan.ts";
import { parseRetryAfter } from "./retry.ts";

/** How much of a body is kept for the error that it explains, in bytes, and how long it may take to come, in ms. */
const START = 4096;
const START_WITHIN = 1000;

export interface Sending {
  readonly fetch: typeof fetch;
  /** It is the platform's `fetch`, not one that a test has injected. */
  readonly isNetwork: boolean;
  readonly inFlight: InFlight;
}

/** Makes the result of a response. It ends the lease, or hands it on with what it gives. */
export type Reader<T> = (response: Response, lease: Lease) => Routine<T>;

export function* attempt<T>(sending: Sending, plan: RequestPlan, read: Reader<T>): Routine<T> {
  const lease = new Lease(sending.isNetwork);
  let isDone = false;
  try {
    lease.holds(yield* sending.inFlight.enter(plan.host));
    const result =
      plan.timeout === Infinity
        ? yield* exchange(sending, plan, lease, read)
        : yield* withinTime(sending, plan, lease, read);
    isDone = true;
    return result;
  } finally {
    if (!isDone) lease.abort();
  }
}

function* withinTime<T>(sending: Sending, plan: RequestPlan, lease: Lease, read: Reader<T>): Routine<T> {
  try {
    const call = exchangeCall(sending, plan, lease, read as Reader<unknown>);
    return (yield* timeout(plan.timeout, call)) as T;
  } catch (error) {
    if (error instanceof TimeoutError && !(error instanceof RequestTimeoutError))
      throw new RequestTimeoutError(plan, "attempt", plan.timeout);
    throw error;
  }
}

const exchangeCall = asyncFn(exchange<unknown>);

function* exchange<T>(sending: Sending, plan: RequestPlan, lease: Lease, read: Reader<T>): Routine<T> {
  const { method, headers, init, makeBody, isStreaming } = plan;
  const request: RequestInit & { duplex?: "half" } = { ...init, method, headers, signal: lease.signal };
  if (makeBody !== undefined) request.body = makeBody();
  if (isStreaming) request.duplex = "half";
  let response: Response;
  try {
    response = yield* lease.wait(sending.fetch(plan.url, request));
  } catch (cause) {
    throw cause instanceof CancelledError ? cause : toNetworkError(plan, cause);
  }
  if (plan.acceptStatus(response.status)) return yield* read(response, lease);
  const start = yield* bodyStart(response, lease, START, START_WITHIN);
  throw new StatusError(plan, response, start, parseRetryAfter(response.headers.get("retry-after")));
}
