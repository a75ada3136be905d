/**
 * Futures that were made and never used: a lazy computation that nobody awaits does nothing.
 *
 * Used is what was claimed, awaited, disposed or polled. One that was made in a task is told when the task
 * has ended and it is still unused; any other, and one that is lost earlier, when it is garbage-collected.
 */
import type { Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import type { TaskId } from "../runtime/kernel.ts";

export interface Unused {
  readonly what: string;
  readonly at: string | undefined;
  readonly task: TaskId | undefined;
  /** Where it is listed until it is used. */
  readonly list: Set<Unused> | undefined;
  isOver: boolean;
}

interface Pollable {
  poll: unknown;
}

export class UnusedFutures {
  readonly #report: (unused: Unused) => void;
  readonly #entries: WeakMap<object, Unused> = new WeakMap();
  readonly #lost: FinalizationRegistry<Unused> = new FinalizationRegistry((unused) => this.tell(unused));

  constructor(report: (unused: Unused) => void) {
    this.#report = report;
  }

  made(
    future: Future<unknown>,
    at: string | undefined,
    task: TaskId | undefined,
    list: Set<Unused> | undefined,
  ): void {
    const unused: Unused = { what: future.constructor.name, at, task, list, isOver: false };
    list?.add(unused);
    this.#entries.set(future, unused);
    this.#lost.register(future, unused);
    // The library polls some of its own futures without claiming them. Until then it is a property of the
    // one future, in front of its class's.
    const first = function (this: Future<unknown>, waker: Waker): unknown {
      use(unused);
      delete (this as Partial<Pollable>).poll;
      return this.poll(waker);
    };
    (future as Pollable).poll = first;
  }

  used(future: Future<unknown>): void {
    const unused = this.#entries.get(future);
    if (unused !== undefined) use(unused);
  }

  /** It will not be used any more. */
  tell(unused: Unused): void {
    if (unused.isOver) return;
    use(unused);
    this.#report(unused);
  }
}

function use(unused: Unused): void {
  unused.isOver = true;
  unused.list?.delete(unused);
}
