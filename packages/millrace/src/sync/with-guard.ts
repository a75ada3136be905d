/** `with(body)`: acquire, run, release, whatever happens. */
import { PENDING, type Body, type Poll, type Waker } from "../runtime/body.ts";
import { Call } from "../runtime/call.ts";
import { abandon, claim, type Future } from "../runtime/future.ts";
import { Operation } from "../runtime/operation.ts";

/**
 * Runs `body` while holding what `acquire` gives. Abandoned while it waits, it gives up its place;
 * abandoned while the body runs, it releases once the body has unwound, cleanup included.
 */
export class WithGuard<G extends { release(): void }, A extends unknown[], R> extends Operation<R> {
  readonly #acquire: Future<G>;
  readonly #body: Body<R, A>;
  readonly #args: (guard: G) => A;
  #call: Call<R, A> | null = null;

  /** `args` are those of the body. */
  constructor(acquire: Future<G>, body: Body<R, A>, args: (guard: G) => A) {
    super();
    this.#acquire = claim(acquire);
    this.#body = body;
    this.#args = args;
  }

  poll(waker: Waker): Poll<R> {
    if (this.#call === null) {
      const guard = this.#acquire.poll(waker);
      if (guard === PENDING) return PENDING;
      this.#call = new Call(this.#body, this.#args(guard), { onEnd: () => guard.release() });
    }
    return this.#call.poll(waker);
  }

  override drop(): void {
    abandon(this.#call ?? this.#acquire);
  }
  override giveBack(value: R): void {
    this.#call!.giveBack(value);
  }
  override get givesBack(): boolean {
    return this.#call?.givesBack === true;
  }
  override describeWait(): string {
    return (this.#call ?? this.#acquire).describeWait();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return [this.#call ?? this.#acquire];
  }
}
