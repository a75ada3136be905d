/** A request that was described and not yet sent: a future of its response, or of what its body holds. */
import { Future, FutureConsumedError, type Poll, type Waker } from "millrace";
import { Stream } from "millrace/stream";
import { requireSchema, type Schema } from "../schema.ts";
import type { Sending } from "./attempt.ts";
import { readBytes, readJson, readText } from "./body-bytes.ts";
import { HttpResponse } from "./http-response.ts";
import { requestTag, type Lease } from "./lease.ts";
import { askingForJson, type RequestPlan } from "./request-plan.ts";
import { send } from "./send.ts";
import { readWhole, type WholeResponse } from "./whole-response.ts";

/**
 * A request. It is lazy: nothing is sent before it, or what a method of it gives, is awaited, yielded,
 * spawned or read. Use it once, in one of these ways:
 *
 * - `await call` or `yield* call`: an `HttpResponse` with its body unread;
 * - `call.json(schema)`, `call.text()`, `call.bytes()`: the whole body; `call.whole()`: with its headers. The time limit, the retries and the
 *   limits of requests in flight then cover the body, so that one that breaks off is fetched again;
 * - `call.stream()`: the body's chunks.
 *
 * It throws `StatusError`, `NetworkError`, `DecodeError`, `BodySizeError`, `RequestTimeoutError` or
 * `RequestAbandonedError`.
 *
 * **Cancel safety.** Abandoned, at whatever point, the request is aborted on the wire, its connection is
 * closed and its place is given to the next one. Whether the server has acted on it cannot be known.
 */
export class HttpCall extends Future<HttpResponse> {
  readonly #sending: Sending;
  readonly #plan: RequestPlan;
  #running: Future<HttpResponse> | null = null;
  #isTaken: boolean = false;

  /** @internal */
  constructor(sending: Sending, plan: RequestPlan) {
    super();
    this.#sending = sending;
    this.#plan = plan;
  }

  /** Sends the request when it is polled first; gives the response once its headers have come. */
  poll(waker: Waker): Poll<HttpResponse> {
    if (this.#running === null) {
      this.#running = send(this.#sending, this.#take("await"), unread, true);
    }
    return this.#running.poll(waker);
  }
  /** Aborts the request on the wire. */
  override drop(): void {
    this.#running?.[Symbol.dispose]();
  }

  /** The request, for dumps, deadlock reports and the console. */
  override get [Symbol.toStringTag](): string {
    return requestTag(this.#plan);
  }

  /**
   * The body as JSON, checked by a schema (of zod, valibot, arktype, or any library that speaks Standard
   * Schema) if one is given. Asks for `application/json` unless the headers say otherwise.
   *
   * @throws TypeError when `schema` is none.
   *
   * @example
   * ```ts
   * import { HttpClient } from "@millrace/http";
   * import * as z from "zod";
   *
   * const User = z.object({ id: z.number(), name: z.string() });
   * const client = new HttpClient({ fetch: async () => Response.json({ id: 1, name: "Ada" }) });
   * const user = await client.get("http://localhost/users/1").json(User);
   * console.log(user.name); // Ada
   * ```
   */
  json(): Future<unknown>;
  /**
   * The same, typed by the schema.
   *
   * @throws TypeError when `schema` is none.
   */
  json<T>(schema: Schema<T>): Future<T>;
  json<T>(schema?: Schema<T>): Future<unknown> {
    if (schema !== undefined) requireSchema("HttpCall.json", schema);
    const plan = this.#consume("json");
    plan.headers = plan.jsonHeaders ?? askingForJson(plan.headers);
    return send(this.#sending, plan, readJson(schema));
  }

  /** The body as UTF-8. */
  text(): Future<string> {
    return send(this.#sending, this.#consume("text"), readText);
  }

  /** The body. */
  bytes(): Future<Uint8Array<ArrayBuffer>> {
    return send(this.#sending, this.#consume("bytes"), readBytes);
  }

  /**
   * The response with all of its body: what headers say, and retries that cover the body, too.
   *
   * @example
   * ```ts
   * import { HttpClient } from "@millrace/http";
   *
   * const client = new HttpClient({ fetch: async () => Response.json([1, 2], { headers: { etag: '"a1"' } }) });
   * const page = await client.get("http://localhost/pages/1").whole();
   * console.log(page.headers.get("etag"), await page.json()); // "a1" [ 1, 2 ]
   * ```
   */
  whole(): Future<WholeResponse> {
    return send(this.#sending, this.#consume("whole"), readWhole);
  }

  /**
   * The body's chunks, pulled as they are read; the request is sent when the first one is asked for, and
   * retried until its headers have come. Each further chunk has `timeout` to come. A consumer that is slow
   * slows the server down; one that leaves closes the connection.
   *
   * @example
   * ```ts
   * import { HttpClient } from "@millrace/http";
   *
   * const client = new HttpClient({ fetch: async () => new Response("a long story") });
   * const bytes = await client.get("http://localhost/story").stream().fold(0, (sum, chunk) => sum + chunk.length);
   * console.log(bytes); // 12
   * ```
   */
  stream(): Stream<Uint8Array<ArrayBuffer>> {
    const plan = this.#consume("stream");
    return Stream.once(new HttpCall(this.#sending, plan)).flatMap((response) => response.body());
  }

  /** Whether it was ever going to be sent is decided: this future is not used any more. */
  #consume(caller: string): RequestPlan {
    const plan = this.#take(caller);
    this[Symbol.dispose]();
    return plan;
  }
  #take(caller: string): RequestPlan {
    if (this.#isTaken) {
      throw new FutureConsumedError(
        `HttpCall.${caller}: this call was already used; a call is one request, so make another one`,
      );
    }
    this.#isTaken = true;
    return this.#plan;
  }
}

function unread(plan: RequestPlan, response: Response, lease: Lease): HttpResponse {
  return new HttpResponse(plan, response, lease);
}
