/** One call after another, each awaited before the next item is pulled. */
import { pin } from "../internal/pin.ts";
import { PENDING, type Body, type Poll, type Waker } from "../runtime/body.ts";
import { abandon, claim, Future } from "../runtime/future.ts";
import { Callback } from "./callback.ts";
import type { Closing } from "./closing.ts";
import { END, Operator, type Pulled, type Source } from "./source.ts";

export class MapAsync<T, U> extends Operator<T, U> {
  declare private readonly f: Callback<T, number, U>;
  declare private inFlight: Future<U> | null;
  declare private index: number;

  constructor(upstream: Source<T>, f: Body<U, [item: T, index: number]>) {
    super(upstream);
    this.f = new Callback("Stream.mapAsync", f);
    this.inFlight = null;
    this.index = 0;
  }

  poll(waker: Waker): Pulled<U> {
    if (this.inFlight === null) {
      const item = this.upstream.poll(waker);
      if (item === PENDING) return PENDING;
      if (item === END) return END;
      const result = this.f.call(item, this.index++);
      if (!(result instanceof Future)) return result;
      this.inFlight = claim(result as Future<U>);
    }
    let value: Poll<U>;
    try {
      value = this.inFlight.poll(waker);
    } catch (error) {
      this.inFlight = null;
      throw error;
    }
    if (value !== PENDING) this.inFlight = null;
    return value;
  }

  protected override free(closing: Closing | null): void {
    if (this.inFlight !== null) abandon(this.inFlight);
    this.inFlight = null;
    super.free(closing);
  }
  override waits(): Iterable<Future<unknown>> {
    return this.inFlight === null ? super.waits() : [this.inFlight];
  }
}

pin(new MapAsync(null as never, () => {}));
