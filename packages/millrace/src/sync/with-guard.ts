/** `with(body)`: acquire, run, release, whatever happens. */
import { PENDING, type Body, type Poll, type Waker } from "../runtime/body.ts";
import { Call } from "../runtime/call.ts";
import { abandon, claim, Future } from "../runtime/future.ts";

/**
 * Runs `body` while holding what `acquire` gives. Abandoned while it waits, it gives up its place;
 * abandoned while the body runs, it releases once the body has unwound, cleanup included.
 */
export class WithGuard<G, R> extends Future<R> {
  readonly #acquire: Future<G>;
  readonly #body: Body<R, [G]>;
  readonly #release: (guard: G) => void;
  #call: Call<R, [G]> | null = null;

  constructor(acquire: Future<G>, body: Body<R, [G]>, release: (guard: G) => void) {
    super();
    this.#acquire = claim(acquire);
    this.#body = body;
    this.#release = release;
  }

  poll(waker: Waker): Poll<R> {
    if (this.#call === null) {
      const guard = this.#acquire.poll(waker);
      if (guard === PENDING) return PENDING;
      this.#call = new Call(this.#body, [guard], { onEnd: () => this.#release(guard) });
    }
    return this.#call.poll(waker);
  }

  override drop(): void {
    abandon(this.#call ?? this.#acquire);
  }
  override describeWait(): string {
    return (this.#call ?? this.#acquire).describeWait();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return [this.#call ?? this.#acquire];
  }
}
