/**
 * Futures that were made and never used: a lazy computation that nobody awaits does nothing.
 *
 * Used is what was claimed, awaited, dropped or polled. One that was made in a task is told when the task has
 * ended a second ago and it is still unused. If the task's result may hand it on there is no telling when that is
 * used, so it is told in the end, with whatever else is left of tasks that have ended. Any, and those made outside
 * of tasks only then, is told when it is garbage-collected. None is told of whose maker was cancelled or has
 * failed: it did not come to the place where it would have been used.
 */
import type { Waker } from "../runtime/body.ts";
import type { Branch } from "../runtime/branch.ts";
import type { Future } from "../runtime/future.ts";
import type { TaskId } from "../runtime/kernel.ts";
import type { Task } from "../runtime/task.ts";

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

/** How long others may take to use what a task has left behind; of the runtime's clock, in ms. */
const PATIENCE = 1000;

interface Orphan {
  readonly unused: Unused;
  isDue(): boolean;
}

interface Methods {
  poll: unknown;
  drop: unknown;
}

export class UnusedFutures {
  readonly #report: (unused: Unused) => void;
  readonly #entries: WeakMap<object, Unused> = new WeakMap();
  /** Made in tasks that have ended. */
  readonly #orphans: Set<Orphan> = new Set();
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

  /** A task has ended and left these behind. */
  left(task: Task<unknown>, all: Iterable<Unused>): void {
    const { clock } = task.kernel;
    const due = mayCarry(task.result) ? Infinity : clock.now() + PATIENCE;
    const isDue = (): boolean => clock.now() >= due;
    for (const unused of all) this.#orphans.add({ unused, isDue });
  }
  sweep(): void {
    for (const orphan of this.#orphans) {
      if (!orphan.isDue() && !orphan.unused.isOver) continue;
      this.#orphans.delete(orphan);
      this.tell(orphan.unused);
    }
  }
  /** The program, or the recording, is over. */
  tellAll(): void {
    for (const { unused } of this.#orphans) this.tell(unused);
    this.#orphans.clear();
  }

  /** It will not be used any more. */
  tell(unused: Unused): void {
    if (unused.isOver) return;
    use(unused);
    const maker = unused.maker?.deref();
    if (maker?.isCancelled !== true && maker?.isFailed !== true) this.#report(unused);
  }
}

function mayCarry(result: unknown): boolean {
  return (typeof result === "object" && result !== null) || typeof result === "function";
}

function use(unused: Unused): void {
  unused.isOver = true;
  unused.list?.delete(unused);
}
