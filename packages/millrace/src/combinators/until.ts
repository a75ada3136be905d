/** Futures that a token or signal stops. */
import { CancelledError } from "../errors.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { claim, type Future, type StopLike } from "../runtime/future.ts";
import { dropBecause } from "../runtime/cancellation.ts";
import { checkStop, Stop } from "../runtime/stop.ts";
import { Guard } from "./adapters.ts";

class Until<T, S> extends Guard<T, S> {
  readonly #stop: Stop;
  #isFirst: boolean = true;
  constructor(inner: Future<T>, stop: StopLike) {
    super(inner);
    this.#stop = new Stop(stop);
  }
  /** The token fired first: the result, or throws. */
  protected stopped(reason: unknown): S {
    throw new CancelledError("stopped by its token or signal", reason);
  }

  poll(waker: Waker): Poll<T | S> {
    const stop = this.#stop;
    // Fired before it began: the future is never polled. Later its value wins when both are there.
    if (!this.#isFirst || !stop.hasFired) {
      this.#isFirst = false;
      const value = this.pollInner(waker);
      if (value !== PENDING) return value;
      if (!stop.hasFired) {
        stop.listen(waker);
        return PENDING;
      }
    }
    const { reason } = stop;
    dropBecause(reason, () => this.drop());
    return this.stopped(reason);
  }

  protected close(): void {
    this.#stop.close();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    const { wait } = this.#stop;
    return wait === null ? [this.inner] : [this.inner, wait];
  }
}

class UntilUndefined<T> extends Until<T, undefined> {
  protected override stopped(): undefined {
    return undefined;
  }
}

/** As `until`, for a claimed future, but gives `undefined` when it is stopped. */
export function untilUndefined<T>(future: Future<T>, stop: StopLike): Future<T | undefined> {
  return new UntilUndefined(future, stop);
}

export function until<T>(future: Future<T>, stop: StopLike): Future<T> {
  // A bad stop leaves the future to the caller.
  checkStop("until expects", stop);
  return new Until<T, never>(claim(future), stop);
}
