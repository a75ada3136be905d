/**
 * Waiting for the end of a task.
 *
 * A task that is joined before it ever ran is taken out of the run queue and run right there, nested
 * up to a bound. Execution becomes depth-first, which keeps few tasks alive in a tree of them.
 */
import { FutureConsumedError } from "../errors.ts";
import { PENDING, type Poll, type Suspend, type Waker } from "./body.ts";
import type { Future } from "./future.ts";
import { Listening } from "./listening.ts";
import { mayProceed } from "./cooperation.ts";
import { cx } from "./kernel.ts";
import type { Task } from "./task.ts";

/** How deep joining may nest tasks on the host's stack. */
const MAX_INLINE = 48;
let inlineDepth = 0;

abstract class Wait<T, R> extends Listening<R> {
  declare readonly source: Task<T>;
  override get mayGoUnused(): boolean {
    return true;
  }
  override describeWait(): string {
    return `the end of ${this.source.describe()}`;
  }
}

/** In the place of a waker: the result has been taken. */
const TAKEN: Waker = { wake() {} };

/** One use of a handle. */
export class Join<T> extends Wait<T, T> {
  poll(waker: Waker): Poll<T> {
    const { source: task } = this;
    if (this.waker === TAKEN) throw new FutureConsumedError("this join already gave its result");
    if (!task.isSettled && !task.isStarted) runInline(task as Task<unknown>);
    if (!task.isSettled) return this.enter(waker);
    if (!mayProceed(waker)) return PENDING;
    cx.budget--;
    this.waker = TAKEN;
    return task.take();
  }

  /** A task that ends at once is joined without a place among its joiners. */
  override next(): IteratorResult<Suspend, T> {
    const { source: task } = this;
    if (this.waker === null) {
      if (!task.isSettled && !task.isStarted) runInline(task as Task<unknown>);
      if (task.isSettled && cx.budget > 0) {
        cx.budget--;
        this.waker = TAKEN;
        return { done: true, value: task.take() };
      }
    }
    return super.next();
  }
}

/** Completes when the task has ended, and takes nothing: its failure stays unobserved. */
export class Settlement extends Wait<unknown, void> {
  poll(waker: Waker): Poll<void> {
    return this.source.isSettled ? undefined : this.enter(waker);
  }
}

function runInline(task: Task<unknown>): void {
  const { kernel } = task;
  // A loop that spawns and joins must let others run, like any other: not without budget.
  if (
    cx.budget <= 0 ||
    inlineDepth >= MAX_INLINE ||
    !task.isQueued ||
    cx.branch?.kernel !== kernel ||
    !kernel.runsInline
  )
    return;
  const { scheduler } = kernel;
  scheduler.unlink(task);
  scheduler.polls++;
  inlineDepth++;
  task.run(); // never throws: a failing body is the task's outcome
  inlineDepth--;
}

/** The task that a pending future is the join of, if it is one. */
export function joinedTask(future: Future<unknown>): Task<unknown> | undefined {
  return future instanceof Join ? future.source : undefined;
}
