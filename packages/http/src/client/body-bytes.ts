/**
 * Reading a body: piece by piece, when somebody asks for the next one, or as a whole up to a limit.
 * Back-pressure is the platform's: what nobody reads stays in the socket's buffers, and the server waits.
 */
import { asyncFn, now, timeout, timeoutAt, TimeoutError, type Future, type Routine } from "millrace";
import { BodySizeError, HttpError, RequestAbandonedError, RequestTimeoutError } from "../errors.ts";
import type { Schema } from "../schema.ts";
import { checked, parse } from "./decode.ts";
import type { Lease, Reader } from "./lease.ts";
import { bounded } from "./bounds.ts";
import { requestFailure } from "./request-failure.ts";
import type { RequestPlan } from "./request-plan.ts";

type Chunk = Uint8Array<ArrayBuffer>;
type Piece = IteratorResult<Chunk, undefined>;

const UTF_8: TextDecoder = new TextDecoder();
const END: Piece = { done: true, value: undefined };

/** The chunks of a body as they come. Leaving before its end closes the connection. */
export class BodyChunks implements AsyncIterable<Chunk>, AsyncIterator<Chunk, undefined> {
  readonly #plan: RequestPlan;
  readonly #lease: Lease;
  readonly #stream: ReadableStream<Chunk> | null;
  #reader: ReadableStreamDefaultReader<Chunk> | null = null;
  readonly next: () => Future<Piece> = asyncFn(() => this.#next());

  constructor(plan: RequestPlan, body: ReadableStream<Chunk> | null, lease: Lease) {
    this.#plan = plan;
    this.#stream = body;
    this.#lease = lease;
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
    const { timeout: idle } = this.#plan;
    try {
      return yield* bounded(this.#plan, timeout(idle, this.#lease.wait(reader.read())));
    } catch (cause) {
      if (cause instanceof RequestTimeoutError) throw cause;
      if (cause instanceof TimeoutError) throw new RequestTimeoutError(this.#plan, "idle", idle);
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
function whole<T>(make: (bytes: Chunk, plan: RequestPlan) => T | Promise<T>): Reader<T> {
  // One function, since each further one that waits is another promise (the client rows of `bench:http`).
  return async (plan, response, lease) => {
    const { maxBytes } = plan;
    const chunks: Chunk[] = [];
    let size = 0;
    let isWhole = false;
    try {
      const reader = response.body?.getReader();
      while (reader !== undefined) {
        const { done, value } = await reader.read();
        if (done) break;
        size += value.byteLength;
        const isTooLong = size > maxBytes || (chunks.length === 1 && toldLength(response) > maxBytes);
        if (isTooLong) throw new BodySizeError(plan, maxBytes);
        if (lease.isOver) throw disposedOf(plan);
        chunks.push(value);
      }
      isWhole = true;
    } catch (cause) {
      throw bodyFailure(plan, lease, cause);
    } finally {
      if (isWhole) lease.end();
      else lease.abort();
    }
    return make(concatenated(chunks, size), plan);
  };
}

export const readBytes: Reader<Chunk> = whole((bytes) => bytes);

export const readText: Reader<string> = whole((bytes) => UTF_8.decode(bytes));

const readAnyJson: Reader<unknown> = whole((bytes, plan) => parse(plan, UTF_8.decode(bytes)));

export function readJson<T>(schema: Schema<T> | undefined): Reader<T> {
  if (schema === undefined) return readAnyJson as Reader<T>;
  return whole((bytes, plan) => {
    const text = UTF_8.decode(bytes);
    return checked(plan, { text, json: parse(plan, text) }, schema);
  });
}

/** What the headers tell of the length: looked at only when there is more to come than one chunk. Of what is packed it is another length. */
function toldLength({ headers }: Response): number {
  return headers.has("content-encoding") ? 0 : Number(headers.get("content-length") ?? 0);
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
  return UTF_8.decode(concatenated(chunks, size).subarray(0, most));
}

function bodyFailure(plan: RequestPlan, lease: Lease, cause: unknown): unknown {
  const wasDisposedOf = lease.signal.aborted && !(cause instanceof HttpError);
  return wasDisposedOf ? disposedOf(plan) : requestFailure(plan, cause);
}

function disposedOf(plan: RequestPlan): RequestAbandonedError {
  return new RequestAbandonedError(plan, "the response was disposed of while it was read");
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
