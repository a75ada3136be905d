/**
 * What can go wrong with a request, on either side. Each is a `MillraceError` with a literal `code`. A
 * message names the method and the place, without the query and the credentials of the URL, which may be
 * secret; `url` has all of it.
 */
import { CancelledError, ClosedError, MillraceError, TimeoutError } from "millrace";

/** Which request it was. */
export interface RequestName {
  readonly method: string;
  readonly url: string;
}

/** Base of what a request fails with, except for time limits and abandonment. */
export class HttpError extends MillraceError {
  override readonly code: string = "ERR_HTTP";
  readonly method: string;
  readonly url: string;
  constructor(request: RequestName, message: string, options?: ErrorOptions) {
    super(`${describeRequest(request)}: ${message}`, options);
    this.method = request.method;
    this.url = request.url;
  }
  static {
    named(this, "HttpError");
  }
}

/** The server answered with a status that is no success. */
export class StatusError extends HttpError {
  override readonly code: "ERR_HTTP_STATUS" = "ERR_HTTP_STATUS";
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** The start of the body, as text; at most 4 KiB of it. */
  readonly bodyStart: string;
  /** When the server asked to be called again, in ms from its answer. */
  readonly retryAfter: number | undefined;
  constructor(
    request: RequestName,
    response: Pick<Response, "status" | "statusText" | "headers">,
    bodyStart: string,
    retryAfter: number | undefined,
  ) {
    const { status, statusText, headers } = response;
    super(request, `HTTP ${`${status} ${statusText}`.trim()}${quoted(bodyStart)}`);
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.bodyStart = bodyStart;
    this.retryAfter = retryAfter;
  }
  static {
    named(this, "StatusError");
  }
}

/** Where the way to the server, or the way back, broke. */
export type NetworkReason = "dns" | "refused" | "reset" | "tls" | "redirect" | "other";

/** There was no answer, or it broke off. */
export class NetworkError extends HttpError {
  override readonly code: "ERR_HTTP_NETWORK" = "ERR_HTTP_NETWORK";
  readonly reason: NetworkReason;
  constructor(request: RequestName, reason: NetworkReason, message: string, options?: ErrorOptions) {
    super(request, message, options);
    this.reason = reason;
  }
  static {
    named(this, "NetworkError");
  }
}

/** One thing that a schema has against a value. */
export interface DecodeIssue {
  readonly message: string;
  /** From the outermost key to the innermost. */
  readonly path: readonly PropertyKey[];
}

/** The body is not what was expected: no JSON, or JSON of another shape. */
export class DecodeError extends HttpError {
  override readonly code: "ERR_HTTP_DECODE" = "ERR_HTTP_DECODE";
  /** What the schema has against it; none when it is no JSON. */
  readonly issues: readonly DecodeIssue[];
  readonly bodyStart: string;
  constructor(
    request: RequestName,
    message: string,
    bodyStart: string,
    issues: readonly DecodeIssue[],
    options?: ErrorOptions,
  ) {
    super(request, `${message}${quoted(bodyStart)}`, options);
    this.bodyStart = bodyStart;
    this.issues = issues;
  }
  static {
    named(this, "DecodeError");
  }
}

/** The body is longer than `maxBytes`; no more of it was read. */
export class BodySizeError extends HttpError {
  override readonly code: "ERR_HTTP_BODY_SIZE" = "ERR_HTTP_BODY_SIZE";
  readonly maxBytes: number;
  constructor(request: RequestName, maxBytes: number) {
    super(request, `the body is longer than the ${maxBytes} bytes allowed`);
    this.maxBytes = maxBytes;
  }
  static {
    named(this, "BodySizeError");
  }
}

/** A time limit of a request passed: that of one attempt, of all of them, or of waiting for more of the body. */
export class RequestTimeoutError extends TimeoutError {
  readonly method: string;
  readonly url: string;
  readonly limit: "attempt" | "total" | "idle";
  constructor(request: RequestName, limit: "attempt" | "total" | "idle", ms: number) {
    super(`${describeRequest(request)}: ${TIMED_OUT[limit]} ${ms} ms`);
    this.method = request.method;
    this.url = request.url;
    this.limit = limit;
  }
}

const TIMED_OUT = {
  attempt: "no complete answer within",
  total: "no complete answer, all attempts and waits included, within",
  idle: "nothing more of the body came within",
} as const;

/** The request was given up from outside: its `signal` fired, or the response was disposed of while it was read. */
export class RequestAbandonedError extends CancelledError {
  readonly method: string;
  readonly url: string;
  constructor(request: RequestName, why: string, reason?: unknown) {
    super(`${describeRequest(request)}: ${why}`, reason);
    this.method = request.method;
    this.url = request.url;
  }
}

/**
 * Thrown by a handler, it is the answer: `status` and `message` go to the client, and nothing is reported.
 *
 * @throws RangeError unless `status` is a whole number from 400 to 599.
 */
export class RejectedError extends MillraceError {
  override readonly code: "ERR_HTTP_REJECTED" = "ERR_HTTP_REJECTED";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    message: string,
    options: ErrorOptions & { readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message, options);
    if (!Number.isInteger(status) || status < 400 || status > 599)
      throw new RangeError(`RejectedError expects a status from 400 to 599, got ${String(status)}`);
    this.status = status;
    this.headers = options.headers ?? {};
  }
  static {
    named(this, "RejectedError");
  }
}

/**
 * `send` on a WebSocket connection that has closed. A handler that ends with it has not failed: clients come
 * and go.
 */
export class SocketClosedError extends ClosedError {
  override readonly code: "ERR_HTTP_SOCKET_CLOSED" = "ERR_HTTP_SOCKET_CLOSED";
  static {
    named(this, "SocketClosedError");
  }
}

/** The server cannot listen where it was told to. */
export class ListenError extends MillraceError {
  override readonly code: "ERR_HTTP_LISTEN" = "ERR_HTTP_LISTEN";
  readonly hostname: string;
  readonly port: number;
  constructor(hostname: string, port: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`cannot listen on ${hostname}:${port}: ${why}`, { cause });
    this.hostname = hostname;
    this.port = port;
  }
  static {
    named(this, "ListenError");
  }
}

/** `GET http://host/path`: what may be told of a request. */
export function describeRequest({ method, url }: RequestName): string {
  if (!URL.canParse(url)) return `${method} ${url}`;
  const { protocol, host, pathname } = new URL(url);
  return `${method} ${protocol}//${host}${pathname}`;
}

/** Enough of a body to recognise it by. */
function quoted(bodyStart: string): string {
  if (bodyStart === "") return "";
  const start = bodyStart.length > 200 ? `${bodyStart.slice(0, 200)}…` : bodyStart;
  return `; the body starts with ${JSON.stringify(start)}`;
}

/** `name` sits on the prototype: one string a class, and it survives minification. */
function named(type: { prototype: object }, name: string): void {
  Object.defineProperty(type.prototype, "name", { value: name, configurable: true, writable: true });
}
