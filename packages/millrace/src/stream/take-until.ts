/** A stream that something outside ends. */
import { PENDING, type Waker } from "../runtime/body.ts";
import { abandon, type Future, type StopLike } from "../runtime/future.ts";
import { toFuture } from "../combinators/to-future.ts";
import { Stop } from "../runtime/stop.ts";
import type { Closing } from "./closing.ts";
import { END, Operator, type Pulled, type Source } from "./source.ts";

/** A token or signal; or the end of a future, whose failure is the stream's. */
type Signal = Stop | Future<unknown>;

function signalOf(stop: unknown): Signal {
  const isToken =
    stop instanceof AbortSignal || typeof (stop as { cancelled?: unknown } | null)?.cancelled === "function";
  return isToken ? new Stop(stop as StopLike) : toFuture("Stream.takeUntil", stop);
}

export class TakeUntil<T> extends Operator<T, T> {
  readonly #signal: Signal;
  #hasFired: boolean = false;
  constructor(upstream: Source<T>, stop: unknown) {
    super(upstream);
    this.#signal = signalOf(stop);
  }

  poll(waker: Waker): Pulled<T> {
    if (this.#hasFired || this.#fires(waker)) return this.leave(waker);
    const item = this.upstream.poll(waker);
    if (item === END) this.#ignore();
    return item;
  }

  #fires(waker: Waker): boolean {
    const signal = this.#signal;
    if (signal instanceof Stop) {
      this.#hasFired = signal.hasFired;
      if (!this.#hasFired) signal.listen(waker);
    } else {
      try {
        this.#hasFired = signal.poll(waker) !== PENDING;
      } catch (error) {
        this.#hasFired = true;
        throw error;
      }
    }
    return this.#hasFired;
  }
  #ignore(): void {
    if (this.#signal instanceof Stop) this.#signal.close();
    else if (!this.#hasFired) abandon(this.#signal);
    this.#hasFired = true;
  }

  protected override free(closing: Closing | null): void {
    this.#ignore();
    super.free(closing);
  }
  override *waits(): Iterable<Future<unknown>> {
    if (this.closing !== null) return yield this.closing;
    yield* this.upstream.waits();
    const signal = this.#signal;
    const wait = signal instanceof Stop ? signal.wait : signal;
    if (wait !== null) yield wait;
  }
}
