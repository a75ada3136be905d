/** A response whose body is a stream that the request's own task sends. */
import { asyncFn, Notify, type Future, type Routine } from "millrace";
import { Stream } from "millrace/stream";

/** A piece of a body: bytes, or text, which is sent as UTF-8. */
export type Chunk = string | Uint8Array;

/** Made by `streamed`. */
export class StreamedResponse {
  readonly #chunks: Stream<Chunk>;
  readonly #init: ResponseInit | undefined;

  /** @internal */
  constructor(chunks: Stream<Chunk>, init: ResponseInit | undefined) {
    this.#chunks = chunks;
    this.#init = init;
  }

  /**
   * The response, and the sending of its body, which takes a chunk from the stream when the socket has room
   * for one. `gone` is called when nobody reads on. @internal
   */
  open(gone: () => void): { readonly response: Response; readonly sending: Future<void> } {
    const wanted = new Notify();
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (given) => void (controller = given),
        pull: () => wanted.notifyOne(),
        cancel: gone,
      },
      { highWaterMark: 0 },
    );
    return {
      response: new Response(body, this.#init),
      sending: pump(this.#chunks, controller!, wanted),
    };
  }
}

const pump = asyncFn(function* sendBody(
  chunks: Stream<Chunk>,
  controller: ReadableStreamDefaultController<Uint8Array>,
  wanted: Notify,
): Routine<void> {
  const encoder = new TextEncoder();
  let isWhole = false;
  try {
    yield* chunks.forEach(function* (chunk) {
      yield* wanted.notified();
      controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : requireBytes(chunk));
    });
    isWhole = true;
  } finally {
    if (isWhole) controller.close();
    else controller.error(new Error("the body broke off"));
  }
});

function requireBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError(
    `streamed expects chunks of text or bytes, got ${chunk === null ? "null" : typeof chunk}`,
  );
}

/**
 * A response with a body that is made while it is sent: the request's task goes on until the last chunk is
 * on its way, pulls the next chunk when the client has room for it, and is cancelled when the client goes
 * away. A failure of the stream breaks the connection off, so that the client can tell, and is reported.
 * The request's deadline is for the start of the answer, not for the body.
 *
 * @throws TypeError when `chunks` cannot be iterated.
 */
export function streamed(
  chunks: AsyncIterable<Chunk> | Iterable<Chunk> | ReadableStream<Chunk>,
  init?: ResponseInit,
): StreamedResponse {
  return new StreamedResponse(Stream.from(chunks), init);
}
