/** Reading what a client sends. A body that is not what it should be is answered, not reported. */
import { asyncFn, CancelledError, fromPromise, type Future, type Routine } from "millrace";
import { Stream } from "millrace/stream";
import { RejectedError } from "../errors.ts";
import { check, describeIssues, requireSchema, type Schema } from "../schema.ts";

/** The body as bytes, up to the server's `maxBodyBytes`. @throws TypeError when it was read before. */
export const readBytes: (request: Request) => Future<Uint8Array<ArrayBuffer>> = asyncFn(function* readBytes(
  request: Request,
) {
  // A mistake of the program, and not of the client.
  if (request.bodyUsed)
    throw new TypeError("the body of this request was already read, and can be read once; keep what it gave");
  try {
    return new Uint8Array(yield* fromPromise(request.arrayBuffer()));
  } catch (cause) {
    throw toRejection(cause);
  }
});

/** The body as UTF-8. */
export const readText: (request: Request) => Future<string> = asyncFn(function* readText(request: Request) {
  return new TextDecoder().decode(yield* readBytes(request));
});

/**
 * The body as JSON, checked by a schema if one is given. What does not fit is answered with 400 and what is
 * wrong with it; a body that is too long, with 413.
 *
 * **Cancel safety.** Abandoned, what has come of the body is lost.
 *
 * @throws RejectedError (400) for what is no JSON or not what the schema expects; TypeError when `schema` is none.
 *
 * @example
 * ```ts
 * import { main } from "millrace";
 * import { HttpClient } from "@millrace/http";
 * import { readJson, serve } from "@millrace/http/server";
 * import * as v from "valibot";
 *
 * const Order = v.object({ item: v.string(), count: v.number() });
 *
 * await main(async () => {
 *   await using server = await serve({
 *     async handler(request) {
 *       const order = await readJson(request, Order);
 *       return Response.json({ ordered: order.count });
 *     },
 *   });
 *   const client = new HttpClient({ baseUrl: server.url });
 *   console.log(await client.post("/orders", { json: { item: "wheel", count: 2 } }).json()); // { ordered: 2 }
 * });
 * ```
 */
export function readJson(request: Request): Future<unknown>;
/** The same, typed by the schema. */
export function readJson<T>(request: Request, schema: Schema<T>): Future<T>;
export function readJson<T>(request: Request, schema?: Schema<T>): Future<unknown> {
  if (schema !== undefined) requireSchema("readJson", schema);
  return readJsonCall(request, schema);
}

/** The body's chunks, as the client sends them and as they are read: nothing is read ahead. */
export function readBody(request: Request): Stream<Uint8Array> {
  return request.body === null ? Stream.empty() : Stream.from(quietly(request.body));
}

/** The same body. Leaving it never fails: one that has broken off by then refuses with what broke it. */
function quietly(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason).catch(() => {}),
    },
    { highWaterMark: 0 },
  );
}

const readJsonCall = asyncFn(function* readJson(
  request: Request,
  schema: Schema | undefined,
): Routine<unknown> {
  const text = yield* readText(request);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RejectedError(400, `the body is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (schema === undefined) return value;
  const checked = yield* check(schema, value);
  if (checked.ok) return checked.value;
  throw new RejectedError(400, `the body is not what is expected: ${describeIssues(checked.issues)}`);
});

/** A body that is too long is answered by the server; one that broke off has nobody left to be answered. */
function toRejection(cause: unknown): unknown {
  if (cause instanceof CancelledError || (cause as { code?: unknown }).code === "ERR_BODY_TOO_LARGE")
    return cause;
  return new RejectedError(400, "the body broke off", { cause });
}
