/**
 * One test, run in both styles. Its bodies are written once, as generators that `yield* get(future)`
 * wherever a program would wait; they are then run as an async function that awaits each future, and
 * as a generator function that `yield*`s it.
 *
 * ```ts
 * inBothStyles("a sleep takes its time", function* ({ body, clock }) {
 *   const task = spawn(body(function* () { yield* get(sleep(10)); return clock.now(); }));
 *   expect(yield* get(task)).toBe(10);
 * });
 * ```
 */
import { Future, type Awaitable, type Routine, type RuntimeOptions } from "millrace";
import { paused, type TestClock } from "millrace/testing";
import { test } from "vitest";

/** What a body waits for, to be awaited or yielded by whoever runs it. */
export type Steps<T> = Generator<Wait, T, unknown>;
/** Not a future itself, so that a `yield*` without `get` is noticed. */
class Wait {
  readonly future: Future<unknown>;
  constructor(future: Future<unknown>) {
    this.future = future;
  }
}

/** Waits for `future` in the style of the test. */
export function* get<T>(future: Future<T>): Steps<T> {
  if (!(future instanceof Future)) throw new TypeError("get expects a future; fromPromise makes one");
  return (yield new Wait(future)) as T;
}

export interface Style {
  readonly name: "await" | "yield*";
  /** A body, for `spawn`, `asyncFn`, `scope` and the like, in this style. */
  body<A extends unknown[], T>(steps: (...args: A) => Steps<T>): (...args: A) => Awaitable<T>;
}

export const styles: readonly Style[] = [
  {
    name: "await",
    body:
      (steps) =>
      async (...args) =>
        awaited(steps(...args)),
  },
  {
    name: "yield*",
    body: <A extends unknown[], T>(steps: (...args: A) => Steps<T>) =>
      // One type for both styles: what takes an async body here takes a generator body as well.
      function* (...args: A) {
        return yield* yielded(steps(...args));
      } as unknown as (...args: A) => Awaitable<T>,
  },
];

export interface InStyle extends Style {
  readonly clock: TestClock;
}

/** A test under a paused clock, once for each style. */
export function inBothStyles(
  name: string,
  steps: (style: InStyle) => Steps<unknown>,
  options?: RuntimeOptions & { autoAdvance?: boolean },
): void {
  for (const style of styles) {
    test(`${name} [${style.name}]`, () =>
      paused(
        style.body((clock: TestClock) => steps({ ...style, clock })),
        options,
      ));
  }
}

async function awaited<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    const { future } = check(step.value);
    let value: unknown;
    try {
      value = await future;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
  return step.value;
}

function* yielded<T>(steps: Steps<T>): Routine<T> {
  let step = steps.next();
  let isUnwoundByForce = true;
  try {
    while (!step.done) {
      const { future } = check(step.value);
      let value: unknown;
      try {
        value = yield* future;
      } catch (error) {
        step = steps.throw(error);
        continue;
      }
      step = steps.next(value);
    }
    isUnwoundByForce = false;
    return step.value;
  } catch (error) {
    isUnwoundByForce = false;
    throw error;
  } finally {
    if (isUnwoundByForce) yield* yielded(returning(steps));
  }
}

/** `return` arrived: the body's own `finally` blocks run, and may wait. */
function* returning<T>(steps: Steps<T>): Steps<T> {
  let step = steps.return(undefined as T);
  while (!step.done) step = steps.next(yield step.value);
  return step.value;
}

function check(wait: Wait): Wait {
  if (!(wait instanceof Wait)) throw new TypeError("inside inBothStyles, wait with: yield* get(future)");
  return wait;
}
