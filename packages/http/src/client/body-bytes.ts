/**
 * Reading a body: piece by piece, when somebody asks for the next one, or as a whole up to a limit.
 * Back-pressure is the platform's: what nobody reads stays in the socket's buffers, and the server waits.
 */
import { asyncFn, now, timeout, timeoutAt, TimeoutError, type Future, type Routine } from "millrace";
import { BodySizeError, HttpError, RequestAbandonedError, RequestTimeoutError } from "../errors.ts";
import type { Schema } from "../schema.ts";
import { checked, parse } from "./decode.ts";
import type { Lease } from "./lease.ts";
import { requestFailure, toTimeout } from "./request-failure.ts";
import type { RequestPlan } from "./request-plan.ts";

type Chunk = Uint8Array<ArrayBuffer>;
type Piece = IteratorResult<Chunk, undefined>;

const END: Piece = { done: true, value: undefined };

/** The chunks of a body as they come. Leaving before its end closes the connection. */
export class BodyChunks implements AsyncIterable<Chunk>, AsyncIterator<Chunk, undefined> {
  readonly #plan: RequestPlan;
  readonly #lease: Lease;
  readonly #deadline: number;
  readonly #stream: ReadableStream<Chunk> | null;
  #reader: ReadableStreamDefaultReader<Chunk> | null = null;
  readonly next: () => Future<Piece> = asyncFn(() => this.#next());

  constructor(plan: RequestPlan, body: ReadableStream<Chunk> | null, lease: Lease, deadline: number) {
    this.#plan = plan;
    this.#stream = body;
    this.#lease = lease;
    this.#deadline = deadline;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  *#next(): Routine<Piece> {
    if (this.#stream === null || this.#lease.isOver) return this.#over();
    const reader = (this.#reader ??= this.#stream.getReader());
    let isDone = false;
    try {
      const { done, value } = yield* this.#read(reader);
      isDone = true;
      if (done) this.#lease.end();
      return done ? END : { done: false, value };
    } finally {
      if (!isDone) this.#lease.abort();
    }
  }

  *#read(reader: ReadableStreamDefaultReader<Chunk>): Routine<ReadableStreamReadResult<Chunk>> {
    const left = this.#deadline - now();
    const limit = Math.max(0, Math.min(this.#plan.timeout, left));
    try {
      return yield* timeout(limit, this.#lease.wait(reader.read()));
    } catch (cause) {
      if (cause instanceof TimeoutError) {
        const { timeout: idle, totalTimeout } = this.#plan;
        throw left < idle
          ? new RequestTimeoutError(this.#plan, "total", totalTimeout)
          : new RequestTimeoutError(this.#plan, "idle", idle);
      }
      throw bodyFailure(this.#plan, this.#lease, cause);
    }
  }

  /** A body that was disposed of is no body that has ended. */
  #over(): Piece {
    if (this.#lease.signal.aborted)
      throw new RequestAbandonedError(this.#plan, "the response was disposed of before it was read");
    this.#lease.end();
    return END;
  }

  return(): Promise<Piece> {
    this.#lease.abort();
    return Promise.resolve(END);
  }
}

/** Reads a body from its first byte to its last; the lease then ends. */
export type WholeReader<T> = (plan: RequestPlan, response: Response, lease: Lease) => Routine<T>;

export const readBytes: WholeReader<Chunk> = (plan, response, lease) =>
  readWhole(plan, response, lease, BYTES, (bytes) => bytes);

export const readText: WholeReader<string> = (plan, response, lease) =>
  readWhole(plan, response, lease, TEXT, (text) => text);

export function readJson<T>(schema: Schema<T> | undefined): WholeReader<T> {
  if (schema === undefined)
    return (plan, response, lease) =>
      readWhole(plan, response, lease, TEXT, (text) => parse(plan, text) as T);
  return function* (plan, response, lease) {
    const value = yield* readWhole(plan, response, lease, TEXT, (text) => ({
      text,
      json: parse(plan, text),
    }));
    try {
      return yield* checked(plan, value, schema, lease);
    } catch (cause) {
      throw toTimeout(plan, lease, cause) ?? cause;
    }
  };
}

/** A form in which a body is read: by the platform, which is fastest at it, or from bytes that we have counted. */
interface Form<T> {
  readonly read: (response: Response) => Promise<T>;
  readonly from: (bytes: Chunk) => T;
}
const TEXT: Form<string> = {
  read: (response) => response.text(),
  from: (bytes) => new TextDecoder().decode(bytes),
};
const BYTES: Form<Chunk> = {
  read: async (response) => new Uint8Array(await response.arrayBuffer()),
  from: (bytes) => bytes,
};

/** All of a body, if it is no longer than `maxBytes`, and what is made of it when the lease has ended. */
function* readWhole<Raw, T>(
  plan: RequestPlan,
  response: Response,
  lease: Lease,
  form: Form<Raw>,
  make: (raw: Raw) => T,
): Routine<T> {
  const { maxBytes } = plan;
  const { headers } = response;
  const length = Number(headers.get("content-length") ?? NaN);
  const isPacked = headers.has("content-encoding");
  let raw: Raw;
  let isWhole = false;
  try {
    if (!isPacked && length > maxBytes) throw new BodySizeError(plan, maxBytes);
    // The length holds: the platform reads no further.
    const isShort = maxBytes === Infinity || (!isPacked && length <= maxBytes);
    raw = isShort
      ? yield* lease.wait(form.read(response))
      : form.from(yield* upTo(plan, response.body, lease));
    isWhole = true;
  } catch (cause) {
    throw bodyFailure(plan, lease, cause);
  } finally {
    if (isWhole) lease.end();
    else lease.abort();
  }
  return make(raw);
}

function* upTo(plan: RequestPlan, body: ReadableStream<Chunk> | null, lease: Lease): Routine<Chunk> {
  const { maxBytes } = plan;
  const chunks: Chunk[] = [];
  let size = 0;
  const reader = body?.getReader();
  while (reader !== undefined) {
    const { done, value } = yield* lease.wait(reader.read());
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) throw new BodySizeError(plan, maxBytes);
    chunks.push(value);
  }
  return concatenated(chunks, size);
}

/**
 * The first `most` bytes of a body as text, for messages: what has come within `limit` ms. The status that
 * it explains is known, so a body that breaks off or stalls does not matter.
 */
export function* bodyStart(response: Response, lease: Lease, most: number, limit: number): Routine<string> {
  const reader = response.body?.getReader();
  const chunks: Chunk[] = [];
  let size = 0;
  const deadline = now() + limit;
  while (reader !== undefined && size < most) {
    const read = yield* timeoutAt(deadline, lease.wait(reader.read())).settled();
    if (read.status !== "fulfilled" || read.value.done) break;
    chunks.push(read.value.value);
    size += read.value.value.byteLength;
  }
  return new TextDecoder().decode(concatenated(chunks, size).subarray(0, most));
}

function bodyFailure(plan: RequestPlan, lease: Lease, cause: unknown): unknown {
  if (cause instanceof HttpError) return cause;
  if (lease.signal.aborted)
    return new RequestAbandonedError(plan, "the response was disposed of while it was read");
  return requestFailure(plan, lease, cause);
}

function concatenated(chunks: readonly Chunk[], size: number): Chunk {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
