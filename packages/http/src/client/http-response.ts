/** A response whose headers have come, and whose body is still to be read. */
import { asyncFn, FutureConsumedError, type Future, type Routine } from "millrace";
import { Stream } from "millrace/stream";
import { requireSchema, type Schema } from "../schema.ts";
import { bounded, isBounded } from "./bounds.ts";
import { BodyChunks, readBytes, readJson, readText } from "./body-bytes.ts";
import type { Lease, Reader } from "./lease.ts";
import { toTimeout } from "./request-failure.ts";
import type { RequestPlan } from "./request-plan.ts";

/**
 * A response with its body unread. It holds its connection, and its place among the client's requests in
 * flight, until the body has been read to its end or the response is disposed of: write `using`.
 *
 * The body can be read once. Its chunks come within the request's `timeout` each; as a whole it has `timeout`
 * for all of it.
 *
 * @example
 * ```ts
 * import { HttpClient } from "@millrace/http";
 *
 * const client = new HttpClient({ fetch: async () => new Response("hello") });
 * using response = await client.get("http://localhost/greeting");
 * console.log(response.status, await response.text()); // 200 hello
 * ```
 */
export class HttpResponse implements Disposable {
  /** The numbers of the status, such as 404. */
  readonly status: number;
  /** What the server said beside the status; often "". */
  readonly statusText: string;
  /** As they were received. */
  readonly headers: Headers;
  /** Where it came from, after redirects. */
  readonly url: string;
  readonly #plan: RequestPlan;
  readonly #response: Response;
  readonly #lease: Lease;
  #isTaken: boolean = false;

  /** @internal */
  constructor(plan: RequestPlan, response: Response, lease: Lease) {
    this.status = response.status;
    this.statusText = response.statusText;
    this.headers = response.headers;
    this.url = response.url === "" ? plan.url : response.url;
    this.#plan = plan;
    this.#response = response;
    this.#lease = lease;
    lease.limit(Infinity);
    // A body that is not there holds nothing.
    if (response.body === null) lease.end();
  }

  /**
   * The body's chunks, pulled as they are read: a consumer that is slow slows the server down. Leaving
   * before the end closes the connection. Its failures are those of the request.
   */
  body(): Stream<Uint8Array<ArrayBuffer>> {
    this.#take("body");
    return Stream.from(new BodyChunks(this.#plan, this.#response.body, this.#lease));
  }

  /** The whole body. @throws BodySizeError when it is longer than `maxBytes`. */
  bytes(): Future<Uint8Array<ArrayBuffer>> {
    this.#take("bytes");
    return this.#whole(readBytes);
  }

  /** The whole body as UTF-8. */
  text(): Future<string> {
    this.#take("text");
    return this.#whole(readText);
  }

  /**
   * The whole body as JSON, checked by a schema if one is given.
   *
   * @throws DecodeError when it is no JSON, or not what the schema expects.
   */
  json(): Future<unknown>;
  /** The same, typed by the schema. */
  json<T>(schema: Schema<T>): Future<T>;
  json<T>(schema?: Schema<T>): Future<unknown> {
    if (schema !== undefined) requireSchema("HttpResponse.json", schema);
    this.#take("json");
    return this.#whole(readJson(schema));
  }

  /** Closes the connection unless the body has been read to its end. Idempotent. */
  [Symbol.dispose](): void {
    this.#lease.abort();
  }

  #take(caller: string): void {
    if (this.#isTaken) {
      throw new FutureConsumedError(
        `HttpResponse.${caller}: the body was already read, and can be read once; keep what it gave`,
      );
    }
    this.#isTaken = true;
  }

  #whole<T>(read: Reader<T>): Future<T> {
    return wholeBody(this.#plan, this.#response, this.#lease, read as Reader<unknown>) as Future<T>;
  }
}

const wholeBody = asyncFn(function* body(
  plan: RequestPlan,
  response: Response,
  lease: Lease,
  read: Reader<unknown>,
): Routine<unknown> {
  lease.limit(plan.timeout);
  let isDone = false;
  try {
    const reading = lease.wait(Promise.resolve(read(plan, response, lease)));
    const value = isBounded(plan) ? yield* bounded(plan, reading) : yield* reading;
    isDone = true;
    return value;
  } catch (cause) {
    throw toTimeout(plan, lease, cause) ?? cause;
  } finally {
    if (!isDone) lease.abort();
  }
});
