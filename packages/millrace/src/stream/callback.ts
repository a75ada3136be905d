/** Functions that streams are given. */
import { requireBody } from "../runtime/argument.ts";
import { pin } from "../internal/pin.ts";
import { isGeneratorFunction, isRoutine, isThenable, type Body } from "../runtime/body.ts";
import { Call } from "../runtime/call.ts";
import { Future } from "../runtime/future.ts";
import { watchPromise } from "../combinators/to-future.ts";

/** Gives its results at once, as far as is known. */
const PLAIN = 0;
/** A plain function that was not called yet. */
const UNKNOWN = 1;
/** Waits, or may wait: each call is a cancellation branch of its own. */
const WAITING = 2;

const asyncFunction: unknown = Object.getPrototypeOf(async () => {});

/**
 * A callback that may be plain, async or a generator function. A plain one that gives plain results
 * costs no more than a call (the stream rows of the bench).
 */
export class Callback<A, B, R> {
  declare private readonly body: Body<R, [A, B]>;
  declare private kind: number;
  constructor(caller: string, body: Body<R, [A, B]>) {
    requireBody(caller, body);
    this.body = body;
    const waits = isGeneratorFunction(body) || Object.getPrototypeOf(body) === asyncFunction;
    this.kind = waits ? WAITING : UNKNOWN;
  }

  /** Its result, or a future of it. */
  call(a: A, b: B): R | Future<R> {
    if (this.kind !== PLAIN) return this.begin([a, b]);
    const { body } = this;
    const result = body(a, b) as R;
    if ((typeof result !== "object" || result === null) && typeof result !== "function") return result;
    return this.settled(result);
  }

  /** The function itself, while it gives its results at once; those that are objects belong through `settled`. */
  get plain(): ((a: A, b: B) => R) | null {
    return this.kind === PLAIN ? (this.body as (a: A, b: B) => R) : null;
  }

  private begin(args: [A, B]): Future<R> {
    if (this.kind === WAITING) return new Call<R, [A, B]>(this.body, args);
    // In a branch of its own, for it may turn out to be async.
    return new Call<R, [A, B]>((...given) => {
      const result = this.body(...given);
      const isFuture = result instanceof Future;
      this.kind = !isFuture && (isThenable(result) || isRoutine(result)) ? WAITING : PLAIN;
      return result;
    }, args);
  }

  settled(result: unknown): R | Future<R> {
    if (result instanceof Future) return result as Future<R>;
    if (isThenable(result)) {
      this.kind = WAITING;
      return watchPromise(result as PromiseLike<R>);
    }
    if (!isRoutine(result)) return result as R;
    this.kind = WAITING;
    return new Call<R, []>(() => result as never, []);
  }
}

/** A number of things, or `Infinity`. */
export function requireLimit(caller: string, what: string, count: number, least: number): number {
  if ((Number.isSafeInteger(count) || count === Infinity) && count >= least) return count;
  throw new RangeError(
    `${caller} expects ${what} to be an integer of at least ${least}, or Infinity, got ${String(count)}`,
  );
}

pin(new Callback("", () => {}));
