/**
 * One attempt to get one document: a time limit, a size limit, and every way it can go wrong as a
 * `DocumentFailure`. The client's requests are futures: when the time is up, or the task is cancelled, the
 * request is aborted on the wire.
 */
import { BodySizeError, HttpClient, NetworkError, StatusError } from "@millrace/http";
import { asyncFn, TimeoutError, type Routine } from "millrace";
import { DocumentFailure } from "./failure.ts";
import type { Target } from "./source.ts";

export interface FetchLimits {
  /** For one attempt, from the connection to the last byte, in ms. */
  readonly timeout: number;
  readonly maxBytes: number;
}

export interface FetchedDocument {
  readonly url: string;
  readonly mediaType: string;
  readonly body: Uint8Array;
}

/** How many are fetched at once is the pipeline's business, and so is trying again: it knows when to stop. */
const client = new HttpClient({
  retry: false,
  timeout: Infinity,
  maxInFlight: Infinity,
  maxPerHost: Infinity,
});

/** @throws DocumentFailure */
export function* fetchDocument(target: Target, limits: FetchLimits): Routine<FetchedDocument> {
  try {
    return yield* download(target, limits.maxBytes).timeout(limits.timeout);
  } catch (error) {
    throw failureOf(error, target, limits);
  }
}

const download = asyncFn(function* (target: Target, maxBytes: number): Routine<FetchedDocument> {
  const { headers, bytes } = yield* client.get(target.location, { maxBytes }).whole();
  const mediaType = headers.get("content-type")?.split(";", 1)[0] ?? "";
  return { url: target.url, mediaType, body: bytes };
});

const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** What is no failure of the request is passed on as it is. */
function failureOf(cause: unknown, { url }: Target, { timeout, maxBytes }: FetchLimits): unknown {
  if (cause instanceof TimeoutError) {
    return new DocumentFailure("timeout", url, `no complete answer within ${timeout} ms`, {
      isTransient: true,
      cause,
    });
  }
  if (cause instanceof BodySizeError) {
    return new DocumentFailure("too large", url, `the body is over --max-bytes ${maxBytes}`, { cause });
  }
  if (cause instanceof StatusError) {
    const { status, statusText, retryAfter } = cause;
    const isTransient = transientStatuses.has(status);
    return new DocumentFailure("status", url, `HTTP ${status} ${statusText}`.trim(), {
      isTransient,
      retryAfter,
      cause,
    });
  }
  if (cause instanceof NetworkError) {
    const isTransient = cause.reason !== "tls" && cause.reason !== "redirect";
    return new DocumentFailure("network", url, innermostMessage(cause), { isTransient, cause });
  }
  return cause;
}

/** Why it is so; the errors around it say which request it was, which is known. */
function innermostMessage(error: Error): string {
  const { cause, message } = error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error)
    return innermostMessage(cause.errors[0]);
  return cause instanceof Error ? innermostMessage(cause) : message;
}
