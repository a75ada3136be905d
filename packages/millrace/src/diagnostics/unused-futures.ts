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
import { host } from "../runtime/host.ts";
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

/** What is kept on a future itself: tables of weak references cost several times as much. */
const ENTRY: unique symbol = Symbol("millrace.unused");
interface Watched {
  [ENTRY]?: Unused;
  poll: (waker: Waker) => unknown;
  drop: () => void;
}

export class UnusedFutures {
  readonly #report: (unused: Unused) => void;
  /** Made in this turn of the host. Most are used in it, and so the collector need not watch them. */
  #young: Future<unknown>[] = [];
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
    // The library polls some of its own futures without claiming them, and anybody may drop one. Until then these
    // are properties of the one future, in front of its class's.
    const watched = future as Watched;
    watched[ENTRY] = unused;
    watched.poll = polled;
    watched.drop = dropped;
    if (this.#young.push(future) === 1) host.macrotask(() => this.#turnEnded());
  }
  #turnEnded(): void {
    for (const future of this.#young) {
      const unused = (future as Watched)[ENTRY]!;
      if (!unused.isOver) this.#lost.register(future, unused);
    }
    this.#young = [];
  }

  used(future: Future<unknown>): void {
    use(future as Watched);
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
    end(unused);
    const maker = unused.maker?.deref();
    if (maker?.isCancelled !== true && maker?.isFailed !== true) this.#report(unused);
  }
}

function mayCarry(result: unknown): boolean {
  return (typeof result === "object" && result !== null) || typeof result === "function";
}

function end(unused: Unused): void {
  unused.isOver = true;
  unused.list?.delete(unused);
}

function use(future: Watched): void {
  const unused = future[ENTRY];
  if (unused === undefined || unused.isOver) return;
  end(unused);
  // Not deleted: an object that has lost properties is slow ever after.
  const { poll, drop } = Object.getPrototypeOf(future) as Watched;
  if (future.poll === polled) future.poll = poll;
  if (future.drop === dropped) future.drop = drop;
}
function polled(this: Watched, waker: Waker): unknown {
  use(this);
  return (Object.getPrototypeOf(this) as Watched).poll.call(this, waker);
}
function dropped(this: Watched): void {
  use(this);
  (Object.getPrototypeOf(this) as Watched).drop.call(this);
}
