/**
 * Operators that need nothing but the item: one source for a whole chain of them, so that an item costs
 * one pull and one call a step (the "stream: synchronous" row of the bench).
 *
 * A chain that has begun is not extended but wrapped, for its steps hold counts.
 */
import { pin } from "../internal/pin.ts";
import { PENDING, type Waker } from "../runtime/body.ts";
import { END, Operator, type Pulled, type Source } from "./source.ts";
import type { Future } from "../runtime/future.ts";

export const MAP = 0;
export const FILTER = 1;
export const FILTER_MAP = 2;
export const INSPECT = 3;
export const ENUMERATE = 4;
export const SCAN = 5;
export const TAKE = 6;
export const SKIP = 7;
export const TAKE_WHILE = 8;
export const SKIP_WHILE = 9;

type Apply = (a: unknown, b?: unknown) => unknown;

/** One operator of a chain. */
class Step {
  declare readonly kind: number;
  declare readonly apply: Apply;
  /** Items seen; or, for `take` and `skip`, how many are left. */
  declare count: number;
  declare state: unknown;
  constructor(kind: number, apply: Apply, count: number, state: unknown) {
    this.kind = kind;
    this.apply = apply;
    this.count = count;
    this.state = state;
  }
}

class Fused extends Operator<unknown, unknown> {
  declare readonly steps: readonly Step[];
  declare hasBegun: boolean;
  /** A step said that nothing more is wanted. */
  declare private isSated: boolean;

  constructor(upstream: Source<unknown>, steps: readonly Step[]) {
    super(upstream);
    this.steps = steps;
    this.hasBegun = false;
    this.isSated = steps.some(({ kind, count }) => kind === TAKE && count === 0);
  }

  poll(waker: Waker): Pulled<unknown> {
    this.hasBegun = true;
    const { upstream, steps } = this;
    if (this.isSated) return this.leave(waker);
    for (;;) {
      const pulled = upstream.poll(waker);
      if (pulled === PENDING || pulled === END) return pulled;
      const item = this.pass(pulled, steps);
      if (item !== END) return item;
      if (this.isSated) return this.leave(waker);
    }
  }

  /** What the steps make of an item; END when it goes no further. */
  private pass(pulled: unknown, steps: readonly Step[]): unknown {
    let item = pulled;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      const { apply, kind } = step;
      // Outside of the switch, which costs more than two comparisons (the "stream: synchronous" row of the bench).
      if (kind === MAP) {
        item = apply(item, step.count++);
        continue;
      }
      if (kind === FILTER) {
        if (!apply(item, step.count++)) return END;
        continue;
      }
      switch (kind) {
        case FILTER_MAP:
          item = apply(item, step.count++);
          if (item === undefined) return END;
          break;
        case INSPECT:
          apply(item, step.count++);
          break;
        case ENUMERATE:
          item = [step.count++, item];
          break;
        case TAKE:
          if (--step.count === 0) this.isSated = true;
          break;
        case SKIP:
          if (step.count === 0) break;
          step.count--;
          return END;
        case SKIP_WHILE:
          if (step.state === false) break;
          if (apply(item)) return END;
          step.state = false;
          break;
        case TAKE_WHILE:
          if (apply(item)) break;
          this.isSated = true;
          return END;
        default: {
          const next = apply(step.state, item) as readonly [unknown, unknown] | undefined;
          if (next === undefined) {
            this.isSated = true;
            return END;
          }
          step.state = next[0];
          item = next[1];
        }
      }
    }
    return item;
  }

  override get mayGoOn(): boolean {
    return !this.isSated && this.upstream.mayGoOn;
  }
  override waits(): Iterable<Future<unknown>> {
    return this.closing === null ? super.waits() : [this.closing];
  }
}

const nothing: Apply = () => {};

/** Adds a step to a source. */
export function fuse<T>(
  upstream: Source<unknown>,
  kind: number,
  apply?: (...args: never[]) => unknown,
  count: number = 0,
  state?: unknown,
): Source<T> {
  const step = new Step(kind, (apply as Apply | undefined) ?? nothing, count, state);
  const extended =
    upstream instanceof Fused && !upstream.hasBegun
      ? new Fused(upstream.upstream, [...upstream.steps.map(copy), step])
      : new Fused(upstream, [step]);
  return extended as Source<unknown> as Source<T>;
}

/** A chain that was extended may still be used by itself. */
function copy({ kind, apply, count, state }: Step): Step {
  return new Step(kind, apply, count, state);
}

pin(new Fused(null as never, [new Step(MAP, nothing, 0, undefined)]));
