/**
 * One attempt: get in line, send, look at the status, and hand the response to whoever reads it.
 *
 * Whatever ends it early (a failure, the time limit, abandonment) aborts the request on the wire and gives
 * its place back; both are in the `Lease`, which a response with an unread body takes along.
 */
import type { Routine } from "millrace";
import { StatusError } from "../errors.ts";
import { bodyStart } from "./body-bytes.ts";
import type { InFlight } from "./in-flight.ts";
import { Lease } from "./lease.ts";
import { requestFailure } from "./request-failure.ts";
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
  const { isNetwork, inFlight } = sending;
  const lease = new Lease(isNetwork);
  let isDone = false;
  try {
    lease.holds(inFlight.tryEnter(plan.host) ?? (yield* inFlight.enter(plan.host)));
    lease.limit(plan.timeout);
    const { method, headers, init, makeBody, isStreaming } = plan;
    const request: RequestInit & { duplex?: "half" } = { ...init, method, headers, signal: lease.signal };
    // What many requests share is not for others to change.
    if (!isNetwork) request.headers = new Headers(headers);
    if (makeBody !== undefined) request.body = makeBody();
    if (isStreaming) request.duplex = "half";
    let response: Response;
    try {
      response = yield* lease.wait(sending.fetch(plan.url, request));
    } catch (cause) {
      throw requestFailure(plan, lease, cause);
    }
    const result = plan.acceptStatus(response.status)
      ? yield* read(response, lease)
      : yield* refused(plan, response, lease);
    isDone = true;
    return result;
  } finally {
    if (!isDone) lease.abort();
  }
}

function* refused(plan: RequestPlan, response: Response, lease: Lease): Routine<never> {
  const start = yield* bodyStart(response, lease, START, START_WITHIN);
  throw new StatusError(plan, response, start, parseRetryAfter(response.headers.get("retry-after")));
}
