/**
 * What can go wrong with a request, on either side. Each is a `MillraceError` with a literal `code`. A
 * message names the method and the place, without the query and the credentials of the URL, which may be
 * secret; `url` has all of it.
 */
import { CancelledError, ClosedError, MillraceError, TimeoutError } from "millrace";

/** Which request it was. */
export interface RequestName {
  /** In upper case. */
  readonly method: string;
  /** All of it, query and credentials included. */
  readonly url: string;
}

/** Base of what a request fails with, except for time limits and abandonment. */
export class HttpError extends MillraceError {
  /** Stable: what a program tells this error by. */
  override readonly code: string = "ERR_HTTP";
  /** In upper case. */
  readonly method: string;
  /** All of it, query and credentials included. */
  readonly url: string;
  /** Names the request in front of the message. */
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
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_HTTP_STATUS" = "ERR_HTTP_STATUS";
  /** The numbers of the status, such as 404. */
  readonly status: number;
  /** What the server said beside the status; often "". */
  readonly statusText: string;
  /** Of the answer. */
  readonly headers: Headers;
  /** The start of the body, as text; at most 4 KiB of it. */
  readonly bodyStart: string;
  /** When the server asked to be called again, in ms from its answer. */
  readonly retryAfter: number | undefined;
  /** Made by the client; tests may make one. */
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
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_HTTP_NETWORK" = "ERR_HTTP_NETWORK";
  /** Where it broke. */
  readonly reason: NetworkReason;
  /** Made by the client; tests may make one. */
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
  /** What is wrong, in the words of the schema. */
  readonly message: string;
  /** From the outermost key to the innermost. */
  readonly path: readonly PropertyKey[];
}

/** The body is not what was expected: no JSON, or JSON of another shape. */
export class DecodeError extends HttpError {
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_HTTP_DECODE" = "ERR_HTTP_DECODE";
  /** What the schema has against it; none when it is no JSON. */
  readonly issues: readonly DecodeIssue[];
  /** The start of the body, as text. */
  readonly bodyStart: string;
  /** Made by the client; tests may make one. */
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
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_HTTP_BODY_SIZE" = "ERR_HTTP_BODY_SIZE";
  /** The limit, in bytes. */
  readonly maxBytes: number;
  /** Made by the client; tests may make one. */
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
  /** In upper case. */
  readonly method: string;
  /** All of it, query and credentials included. */
  readonly url: string;
  /** Which one: for one attempt (`timeout`), for everything (`totalTimeout`), or for the next chunk of the body. */
  readonly limit: "attempt" | "total" | "idle";
  /** Made by the client, which gave `ms`; tests may make one. */
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
  /** In upper case. */
  readonly method: string;
  /** All of it, query and credentials included. */
  readonly url: string;
  /** Made by the client; tests may make one. */
  constructor(request: RequestName, why: string, reason?: unknown) {
    super(`${describeRequest(request)}: ${why}`, reason);
    this.method = request.method;
    this.url = request.url;
  }
}

/**
 * Thrown by a handler, it is the answer: `status` and `message` go to the client, and nothing is reported.
 *
 * @throws RangeError unless `status` is a whole number from 400 to 599; TypeError for headers that cannot be sent.
 */
export class RejectedError extends MillraceError {
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_HTTP_REJECTED" = "ERR_HTTP_REJECTED";
  /** The numbers of the status, such as 404. */
  readonly status: number;
  /** Sent with the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Made by the client; tests may make one. */
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
    try {
      new Headers(this.headers);
    } catch (cause) {
      throw new TypeError(`RejectedError expects valid headers: ${(cause as Error).message}`, { cause });
    }
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
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_HTTP_SOCKET_CLOSED" = "ERR_HTTP_SOCKET_CLOSED";
  static {
    named(this, "SocketClosedError");
  }
}

/** The server cannot listen where it was told to. */
export class ListenError extends MillraceError {
  /** Stable: what a program tells this error by. */
  override readonly code: "ERR_HTTP_LISTEN" = "ERR_HTTP_LISTEN";
  /** Where it should have listened. */
  readonly hostname: string;
  /** Where it should have listened; 0 for any. */
  readonly port: number;
  /** Made by `serve`. */
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
