/**
 * The handle of a spawned task: a future of its outcome that may be awaited any number of times.
 *
 * A task that is joined before it ever ran is taken out of the run queue and run right there, nested
 * up to a bound. Execution becomes depth-first, which keeps few tasks alive in a tree of them.
 */
import { FutureConsumedError } from "../errors.ts";
import { asRoutine, PENDING, type Poll, type Suspend, type Suspending, type Waker } from "./body.ts";
import { Future, markReusable, suspendOn } from "./future.ts";
import { mayProceed } from "./cooperation.ts";
import { cx, Kernel } from "./kernel.ts";
import { Task, type TaskId } from "./task.ts";
import { pin } from "../internal/pin.ts";
import type { Waiter } from "./wait-queue.ts";

/** How deep joining may nest tasks on the host's stack. */
const MAX_INLINE = 48;
let inlineDepth = 0;

/** One use of a handle: a place among the task's joiners. */
class Join<T> extends Future<T> {
  declare readonly task: Task<T>;
  declare private waiter: Waiter | null;
  declare private isTaken: boolean;

  constructor(task: Task<T>) {
    super();
    this.waiter = null;
    this.isTaken = false;
    this.task = task;
  }

  poll(waker: Waker): Poll<T> {
    const { task } = this;
    if (this.isTaken) throw new FutureConsumedError("this join already gave its result");
    if (!task.isSettled && !task.isStarted) runInline(task as Task<unknown>);
    if (task.isSettled) {
      if (!mayProceed(waker)) return PENDING;
      cx.budget--;
      this.isTaken = true;
      return task.take();
    }
    if (this.waiter === null) this.waiter = task.enterJoin(waker);
    else this.waiter.waker = waker;
    return PENDING;
  }

  override drop(): void {
    if (this.waiter !== null) this.task.leaveJoin(this.waiter);
    this.waiter = null;
  }

  override describeWait(): string {
    return `the end of ${this.task.describe()}`;
  }
}

/** Completes when the task has ended, and takes nothing: its failure stays unobserved. */
export class Settlement extends Future<void> {
  declare private readonly joined: Task<unknown>;
  private waiter: Waiter | null = null;
  constructor(task: Task<unknown>) {
    super();
    this.joined = task;
  }
  poll(waker: Waker): Poll<void> {
    if (this.joined.isSettled) return;
    if (this.waiter === null) this.waiter = this.joined.enterJoin(waker);
    else this.waiter.waker = waker;
    return PENDING;
  }
  override drop(): void {
    if (this.waiter !== null) this.joined.leaveJoin(this.waiter);
  }
  override describeWait(): string {
    return `the end of ${this.joined.describe()}`;
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

/** `yield*` of a handle: a task that ends at once is joined without a place among its joiners. */
class JoinIterator<T> implements Suspending<T> {
  declare private readonly joined: Task<T>;
  declare private slow: Generator<Suspend, T, void> | null;

  constructor(task: Task<T>) {
    this.joined = task;
    this.slow = null;
  }
  next(): IteratorResult<Suspend, T> {
    const task = this.joined;
    if (this.slow !== null) return this.slow.next();
    if (!task.isSettled && !task.isStarted) runInline(task as Task<unknown>);
    if (task.isSettled && cx.budget > 0) {
      cx.budget--;
      return { done: true, value: task.take() };
    }
    return this.wait().next();
  }
  throw(error: unknown): IteratorResult<Suspend, T> {
    return this.wait().throw(error);
  }
  return(value: T): IteratorResult<Suspend, T> {
    return this.wait().return(value);
  }
  private wait(): Generator<Suspend, T, void> {
    return (this.slow ??= suspendOn(new Join(this.joined)));
  }
  [Symbol.iterator](): this {
    return this;
  }
  [Symbol.dispose](): void {
    this.return(undefined as T);
  }
  get [Symbol.toStringTag](): string {
    return "Generator";
  }
}

/** The task that a pending future is the join of, if it is one. */
export function joinedTask(future: Future<unknown>): Task<unknown> | undefined {
  return future instanceof Join ? future.task : undefined;
}

/** Cancels one task; holds no claim on its result. */
export interface AbortHandle {
  readonly id: TaskId;
  abort(reason?: unknown): void;
  readonly isFinished: boolean;
}

/**
 * Awaiting it rethrows the task's own error unchanged, or `CancelledError` if it was cancelled. It
 * completes only after the task's cleanup has run.
 *
 * **Cancel safety.** Abandoning a join (a lost `select`, an elapsed `timeout`) leaves the task running
 * and the handle usable. `using handle = spawn(…)` aborts the task at the end of the block.
 *
 * @example
 * ```ts
 * import { sleep, spawn } from "millrace";
 *
 * const handle = spawn(function* () { yield* sleep(10); return 42; });
 * console.log(await handle); // 42
 * ```
 */
export class JoinHandle<T> extends Future<T> implements AsyncDisposable {
  declare private readonly joined: Task<T>;
  /** For those who call `poll` by hand. */
  declare private direct: Join<T> | null;

  /** @internal */
  constructor(task: Task<T>) {
    super();
    this.direct = null;
    this.joined = task;
    markReusable(this);
  }

  poll(waker: Waker): Poll<T> {
    this.direct ??= new Join(this.joined);
    const value = this.direct.poll(waker);
    if (value !== PENDING) this.direct = null;
    return value;
  }
  override drop(): void {
    this.direct?.drop();
    this.direct = null;
  }

  get id(): TaskId {
    return this.joined.id;
  }
  get name(): string | undefined {
    return this.joined.name;
  }
  /** True once the task has ended, its cleanup included. */
  get isFinished(): boolean {
    return this.joined.isSettled;
  }

  /**
   * Asks the task to stop: at its next suspension point the innermost pending future is dropped and
   * `CancelledError` is thrown there; `finally`, `using` and `await using` run. Cleanup may await for
   * the runtime's `cleanupWindow` (ms). Idempotent; no effect on a finished task. A task that never
   * started runs nothing.
   */
  abort(reason?: unknown): void {
    this.joined.abort(reason);
  }

  abortHandle(): AbortHandle {
    return abortHandleOf(this.joined as Task<unknown>);
  }

  /** Declares that nobody will join. A later failure is reported at once. */
  detach(): void {
    this.joined.detachHandle();
  }

  override [Symbol.iterator](): Generator<Suspend, T, void> {
    return asRoutine(new JoinIterator(this.joined));
  }
  override [Symbol.dispose](): void {
    this.abort();
  }
  /** Aborts and waits for the cleanup. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.abort();
    await new Settlement(this.joined as Task<unknown>);
    // Nobody joined: a failure that is not the cancellation is reported.
    this.detach();
  }

  override get [Symbol.toStringTag](): string {
    return "JoinHandle";
  }
  /** @internal */
  override useAgain(): Future<T> {
    return new Join(this.joined);
  }
}

export function abortHandleOf(task: Task<unknown>): AbortHandle {
  return {
    id: task.id,
    abort: (reason) => task.abort(reason),
    get isFinished() {
      return task.isSettled;
    },
  };
}

const specimen = new Task(new Kernel({ isManual: true }), () => {}, undefined, null);
specimen.locals = null;
specimen.enterJoin({ wake: () => {} });
pin(new JoinHandle(specimen));
pin(new JoinIterator(specimen));
pin(new Join(specimen));
