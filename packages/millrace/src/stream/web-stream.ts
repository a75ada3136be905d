/** Web streams: as sources, and made of streams. */
import type { ReadableStream } from "../internal/platform.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { claim, type Future } from "../runtime/future.ts";
import { watchPromise } from "../combinators/to-future.ts";
import { close, type Closing } from "./closing.ts";
import { END, Source, type Pulled } from "./source.ts";

export function isReadableStream(value: unknown): value is ReadableStream {
  const stream = value as Partial<ReadableStream> | null;
  return typeof stream?.getReader === "function" && typeof stream.cancel === "function";
}

/** Reads when there is demand; leaving cancels the stream. */
export class WebSource<T> extends Source<T> {
  readonly #stream: ReadableStream<T>;
  #reader: ReadableStreamDefaultReader<T> | null = null;
  #inFlight: Future<ReadableStreamReadResult<T>> | null = null;
  #hasEnded: boolean = false;

  constructor(caller: string, stream: ReadableStream<T>) {
    super();
    if (stream.locked)
      throw new TypeError(`${caller} expects a ReadableStream that nobody reads, got a locked one`);
    this.#stream = stream;
  }

  poll(waker: Waker): Pulled<T> {
    if (this.#inFlight === null) {
      if (this.#hasEnded) return END;
      if (!mayProceed(waker)) return PENDING;
      this.#reader ??= this.#stream.getReader();
      this.#inFlight = claim(watchPromise(this.#reader.read()));
    }
    let result: Poll<ReadableStreamReadResult<T>>;
    try {
      result = this.#inFlight.poll(waker);
    } catch (error) {
      this.#finish();
      throw error;
    }
    if (result === PENDING) return PENDING;
    this.#inFlight = null;
    if (!result.done) return result.value;
    this.#finish();
    return END;
  }

  #finish(): void {
    this.#hasEnded = true;
    this.#inFlight = null;
    this.#reader!.releaseLock();
  }

  protected override free(closing: Closing | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#inFlight?.drop();
    this.#inFlight = null;
    const reader = this.#reader;
    if (reader === null) return close(closing, () => this.#stream.cancel());
    close(closing, async () => {
      // A stream that has failed by then refuses with that failure, which is no failure to clean up.
      let hasFailed = false;
      reader.closed.catch(() => (hasFailed = true));
      try {
        await reader.cancel();
      } catch (error) {
        if (!hasFailed) throw error;
      }
      reader.releaseLock();
    });
  }
  override waits(): Iterable<Future<unknown>> {
    return this.#inFlight === null ? [] : [this.#inFlight];
  }
}
