/** Futures that a token or signal stops. */
import { CancelledError } from "../errors.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { claim, type Future, type StopLike } from "../runtime/future.ts";
import { checkStop, Stop } from "../runtime/stop.ts";
import { Adapter } from "./adapters.ts";

abstract class Stoppable<T, S> extends Adapter<T, T | S> {
  readonly #stop: Stop;
  #isFirst: boolean = true;
  constructor(inner: Future<T>, stop: StopLike) {
    super(inner);
    this.#stop = new Stop(stop);
  }
  /** The token fired first: the result, or throws. */
  protected abstract stopped(reason: unknown): S;

  poll(waker: Waker): Poll<T | S> {
    // Fired before it began: the future is never polled. Later its value wins when both are there.
    if (this.#isFirst && this.#stop.hasFired) return this.#stopped();
    this.#isFirst = false;
    let value: Poll<T>;
    try {
      value = this.inner.poll(waker);
    } catch (error) {
      this.#stop.close();
      throw error;
    }
    if (value !== PENDING) this.#stop.close();
    else if (this.#stop.hasFired) return this.#stopped();
    else this.#stop.listen(waker);
    return value;
  }

  #stopped(): S {
    this.drop();
    return this.stopped(this.#stop.reason);
  }

  override drop(): void {
    this.#stop.close();
    super.drop();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    const { wait } = this.#stop;
    return wait === null ? [this.inner] : [this.inner, wait];
  }
}

class Until<T> extends Stoppable<T, never> {
  protected stopped(reason: unknown): never {
    throw new CancelledError("stopped by its token or signal", reason);
  }
}

class UntilUndefined<T> extends Stoppable<T, undefined> {
  protected stopped(): undefined {
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
  return new Until(claim(future), stop);
}
