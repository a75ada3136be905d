/**
 * A body that is sent piece by piece, and the source that it is made of. `fetch` does not let go of the
 * source when a request ends before its body: it waits for a socket that is gone, or reads on to the end and
 * throws away what it reads. So whoever has the request releases it.
 *
 *   SENDING ──the source ends or fails, fetch cancels, release()──► OVER
 */
import { CancelledError, Runtime } from "millrace";

type Chunk = Uint8Array<ArrayBuffer>;

export class Upload {
  /** What is given to `fetch`. It is pulled when the socket takes more, and then pulls the source. */
  readonly body: ReadableStream<Chunk>;
  readonly #source: ReadableStreamDefaultReader<Chunk>;
  /** Of whoever sends it: `fetch` cancels from nowhere. */
  readonly #runtime: Runtime = Runtime.current();
  #controller!: ReadableStreamDefaultController<Chunk>;
  #isOver: boolean = false;

  /** @throws TypeError when somebody else reads the source. */
  constructor(source: ReadableStream<Chunk>) {
    this.#source = source.getReader();
    this.body = new ReadableStream<Chunk>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#pull(),
        cancel: (reason) => this.#leave(reason),
      },
      { highWaterMark: 0 },
    );
  }

  /** The request is over. What is left of the body is not read; a failure of its cleanup is reported. */
  release(): void {
    if (this.#isOver) return;
    const why = new Error("the request ended before its body");
    this.#controller.error(why);
    void this.#leave(why);
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#source.read();
      if (this.#isOver) return;
      if (!done) return this.#controller.enqueue(value);
      this.#isOver = true;
      this.#controller.close();
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
  }

  async #leave(reason: unknown): Promise<void> {
    this.#isOver = true;
    // A source that has failed by then refuses with that failure, which is no failure to clean up.
    let hasFailed = false;
    this.#source.closed.catch(() => (hasFailed = true));
    try {
      await this.#source.cancel(reason);
    } catch (error) {
      if (hasFailed || error instanceof CancelledError) return;
      this.#runtime.spawn(() => Promise.reject(error), { name: "upload" }).detach();
    }
  }
}
