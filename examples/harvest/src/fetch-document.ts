/**
 * One attempt to get one document: a time limit, a size limit, and every way it can go wrong as a
 * `DocumentFailure`.
 *
 * The two styles meet here. `download` is an async function, since `fetch` and web streams speak promises;
 * what calls it is a routine, since a routine can be abandoned anywhere. `fromPromise` joins them: when the
 * time is up, or the task is cancelled, its signal fires and the request is aborted on the wire.
 */
import { fromPromise, timeout, TimeoutError, type Routine } from "millrace";
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

/** @throws DocumentFailure */
export function* fetchDocument(target: Target, limits: FetchLimits): Routine<FetchedDocument> {
  try {
    return yield* timeout(
      limits.timeout,
      fromPromise((signal) => download(target, limits.maxBytes, signal)),
    );
  } catch (cause) {
    if (!(cause instanceof TimeoutError)) throw cause;
    const message = `no complete answer within ${limits.timeout} ms`;
    throw new DocumentFailure("timeout", target.url, message, { isTransient: true, cause });
  }
}

async function download(target: Target, maxBytes: number, signal: AbortSignal): Promise<FetchedDocument> {
  try {
    const response = await fetch(target.location, { signal });
    if (!response.ok) {
      await response.body?.cancel();
      throw statusFailure(target, response);
    }
    const mediaType = response.headers.get("content-type")?.split(";", 1)[0] ?? "";
    return { url: target.url, mediaType, body: await readBody(target, response, maxBytes) };
  } catch (cause) {
    if (cause instanceof DocumentFailure || signal.aborted) throw cause;
    throw new DocumentFailure("network", target.url, networkReason(cause), { isTransient: true, cause });
  }
}

/** Reads no further than the limit; leaving the loop early closes the connection. */
async function readBody(target: Target, response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new DocumentFailure("too large", target.url, `the body is over --max-bytes ${maxBytes}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

function statusFailure(target: Target, response: Response): DocumentFailure {
  return new DocumentFailure("status", target.url, `HTTP ${response.status} ${response.statusText}`.trim(), {
    isTransient: transientStatuses.has(response.status),
    retryAfter: parseRetryAfter(response.headers.get("retry-after")),
  });
}

/** Seconds or an HTTP date, in ms from now. */
export function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** `fetch` says no more than "fetch failed"; the reason is further down. */
function networkReason(error: unknown): string {
  const { cause, message } = error as Error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return networkReason(cause.errors[0]);
  return cause instanceof Error ? networkReason(cause) : message;
}
