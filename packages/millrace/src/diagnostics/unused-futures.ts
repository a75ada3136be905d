/**
 * Futures that were made and never used: a lazy computation that nobody awaits does nothing.
 *
 * Used is what was claimed, awaited, dropped or polled. One that was made in a task is told when the task
 * has ended and it is still unused; any other, and one that is lost earlier, when it is garbage-collected. None
 * is told of whose maker was cancelled or has failed: it did not come to the place where it would have been used.
 */
import type { Waker } from "../runtime/body.ts";
import type { Branch } from "../runtime/branch.ts";
import type { Future } from "../runtime/future.ts";
import type { TaskId } from "../runtime/kernel.ts";

export interface Unused {
  readonly what: string;
  readonly at: string | undefined;
  readonly task: TaskId | undefined;
  /** The call or task in which it was made. */
  readonly maker: WeakRef<Branch<unknown>> | undefined;
  /** Where it is listed until it is used. */
  readonly list: Set<Unused> | undefined;
  isOver: boolean;
}

interface Methods {
  poll: unknown;
  drop: unknown;
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
    maker: Branch<unknown> | null,
    list: Set<Unused> | undefined,
  ): void {
    const unused: Unused = {
      what: future.constructor.name,
      at,
      task,
      maker: maker === null ? undefined : new WeakRef(maker),
      list,
      isOver: false,
    };
    list?.add(unused);
    this.#entries.set(future, unused);
    this.#lost.register(future, unused);
    // The library polls some of its own futures without claiming them, and anybody may drop one. Until then these
    // are properties of the one future, in front of its class's.
    const methods = future as Methods;
    const isUsed = (): void => {
      use(unused);
      delete (methods as Partial<Methods>).poll;
      delete (methods as Partial<Methods>).drop;
    };
    methods.poll = (waker: Waker): unknown => {
      isUsed();
      return future.poll(waker);
    };
    methods.drop = (): void => {
      isUsed();
      future.drop();
    };
  }

  used(future: Future<unknown>): void {
    const unused = this.#entries.get(future);
    if (unused !== undefined) use(unused);
  }

  /** It will not be used any more. */
  tell(unused: Unused): void {
    if (unused.isOver) return;
    use(unused);
    const maker = unused.maker?.deref();
    if (maker?.isCancelled !== true && maker?.isFailed !== true) this.#report(unused);
  }
}

function use(unused: Unused): void {
  unused.isOver = true;
  unused.list?.delete(unused);
}
