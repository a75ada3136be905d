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
import { Lease, type Reader } from "./lease.ts";
import { requestFailure, toTimeout } from "./request-failure.ts";
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

/** `isWatched`: what `read` gives has the lease, and the program may lose it. */
export function* attempt<T>(
  sending: Sending,
  plan: RequestPlan,
  read: Reader<T>,
  isWatched: boolean,
): Routine<T> {
  const { inFlight } = sending;
  const { host } = plan;
  const lease = new Lease(plan, sending.isNetwork);
  let isDone = false;
  try {
    lease.holds(inFlight.tryEnter(host, isWatched) ?? (yield* inFlight.enter(host, isWatched)));
    lease.limit(plan.timeout);
    const answer = yield* lease.wait(ask(sending, plan, read, lease));
    if (answer instanceof Refusal) return yield* refused(plan, answer.response, lease);
    isDone = true;
    return answer;
  } catch (cause) {
    throw toTimeout(plan, lease, cause) ?? cause;
  } finally {
    if (!isDone) lease.abort();
  }
}

/** A response whose status is no success, with its body unread. */
class Refusal {
  readonly response: Response;
  constructor(response: Response) {
    this.response = response;
  }
}

async function ask<T>(
  sending: Sending,
  plan: RequestPlan,
  read: Reader<T>,
  lease: Lease,
): Promise<T | Refusal> {
  const { method, headers, init, makeBody, isStreaming } = plan;
  const request: RequestInit & { duplex?: "half" } = { ...init, method, headers, signal: lease.signal };
  // What many requests share is not for others to change.
  if (!sending.isNetwork) request.headers = new Headers(headers);
  if (makeBody !== undefined) request.body = lease.sends(makeBody());
  if (isStreaming) request.duplex = "half";
  let response: Response;
  try {
    response = await sending.fetch(plan.url, request);
  } catch (cause) {
    throw requestFailure(plan, cause);
  }
  return plan.acceptStatus(response.status) ? await read(plan, response, lease) : new Refusal(response);
}

function* refused(plan: RequestPlan, response: Response, lease: Lease): Routine<never> {
  const start = yield* bodyStart(response, lease, START, START_WITHIN);
  throw new StatusError(plan, response, start, parseRetryAfter(response.headers.get("retry-after")));
}
