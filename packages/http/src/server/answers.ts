/** The answers that the server gives by itself. They tell nothing of what went wrong inside. */
import { CancelledError, MillraceError } from "millrace";
import { RejectedError } from "../errors.ts";

export function busy(retryAfterSeconds: number): Response {
  return plain(503, "Service Unavailable", { "retry-after": String(retryAfterSeconds) });
}

/** The server is shutting down: the client should connect anew, to another one. */
export function leaving(retryAfterSeconds: number): Response {
  return plain(503, "Service Unavailable", {
    "retry-after": String(retryAfterSeconds),
    connection: "close",
  });
}

/** What is still to come of the request is not read, so that the connection is of no more use. */
export function late(): Response {
  return plain(503, "Service Unavailable", { connection: "close" });
}

/** Nor is the rest of what is longer than may be. */
export function tooLarge(): Response {
  return plain(413, "Content Too Large", { connection: "close" });
}

/** The answer to what a handler threw, and whether that is a failure of the program. */
export function failed(error: unknown): { readonly response: Response; readonly isFailure: boolean } {
  if (error instanceof RejectedError)
    return { response: plain(error.status, error.message, error.headers), isFailure: false };
  if (isBodyTooLarge(error)) return { response: tooLarge(), isFailure: false };
  return { response: plain(500, "Internal Server Error", {}), isFailure: true };
}

/** A task that ends with `CancelledError` counts as cancelled, which this one was not. */
export function reportable(error: unknown): unknown {
  if (!(error instanceof CancelledError)) return error;
  return new MillraceError("a handler gave up what it waited for, although nobody had cancelled it", {
    cause: error,
  });
}

/** As srvx says it, perhaps some causes up. */
function isBodyTooLarge(error: unknown): boolean {
  for (let each = error, depth = 0; each instanceof Error && depth < 4; each = each.cause, depth++)
    if ("code" in each && each.code === "ERR_BODY_TOO_LARGE") return true;
  return false;
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>>): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });
}
