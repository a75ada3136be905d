/** Calling the handler, which may wait for promises that nobody can abandon. */
import { CancelledError, type Awaitable, type TaskContext } from "millrace";
import type { Answer } from "./exchange.ts";
import type { Handler, IncomingRequest } from "./http-server.ts";

/**
 * The handler, of which what it waited for may break with the request: `request.text()`, or a `fetch` with
 * `request.signal`. That is how it learns that it was cancelled, and no failure of it.
 */
export function handling(handler: Handler): (request: IncomingRequest, cx: TaskContext) => Awaitable<Answer> {
  return (request: IncomingRequest, cx: TaskContext): Awaitable<Answer> => {
    const answer = (handler as (request: IncomingRequest, cx: TaskContext) => Awaitable<Answer>)(request, cx);
    if (!(answer instanceof Promise)) return answer;
    return answer.catch((error: unknown) => {
      throw cx.isCancelled && isBrokenOff(error)
        ? new CancelledError("what the handler waited for broke off with its request", error)
        : error;
    });
  };
}

/** As Node says it of a request whose client has left, and the standards of what a signal has ended. */
function isBrokenOff(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return code === "ECONNRESET" || name === "AbortError";
}
