/**
 * A branch: one body being run, and the unit of cancellation. A task is a branch; so is each call of
 * an `asyncFn`, so that dropping one side of a `join` or `select` unwinds that side only.
 *
 *   NEW ──advance──► RUNNING ⇄ SUSPENDED ──► DONE (value or error)
 *                                 │ cancel requested
 *                                 ▼
 *       the innermost pending future is dropped; branches dropped with it clean up first
 *                                 ▼
 *                  DELIVERED: CancelledError thrown into the body, once
 *                                 │ its cleanup may await normally …
 *                                 ▼ … for the cleanup window
 *                  EXPIRED: every await rejects again, a generator is unwound by force
 *
 * Invariants
 *  1. A branch is driven by whoever polls it (`waker`), or, once it is DETACHED, by the scheduler: a
 *     dropped branch whose cleanup must wait finishes by itself.
 *  2. Its nearest unfinished ancestor counts it in `cleanups`. A cancelled ancestor throws into its own
 *     body only when that count is 0, so cleanup runs from the inside out; a task settles only when
 *     it is 0, so whoever waits for the task waits for the cleanup too.
 *  3. A generator is never entered twice: a cancellation that comes from inside is delivered at its
 *     next suspension.
 *  4. `throw` is used for cancellation in both styles. `return` alone would be forgotten by an outer
 *     `yield*` as soon as an inner `finally` waits, so it serves only as the last resort.
 */
import { CancelledError } from "../errors.ts";
import type { Await } from "./await.ts";
import {
  isGeneratorFunction,
  isRoutine,
  isThenable,
  PENDING,
  resume,
  type Awaitable,
  type Routine,
  type Suspend,
  type Waker,
} from "./body.ts";
import {
  STARTED,
  RUNNING,
  DONE,
  FAILED,
  ASYNC,
  CANCELLED,
  DELIVERED,
  EXPIRED,
  DETACHED,
  AWAITS_CLEANUPS,
  NEEDS_DRIVE,
  NATIVE,
  ROUTINE,
  BranchState,
} from "./branch-state.ts";
import { Cancellation, unwindByForce } from "./cancellation.ts";
import { abandon, claim, Future } from "./future.ts";
import { hooks } from "./hooks.ts";
import { captureContext, type AsyncContext } from "./host.ts";
import { cx, type Kernel } from "./kernel.ts";
import { runInTrail, type Trail } from "./trail.ts";
import { PendingAwaits } from "./pending-awaits.ts";
import { BUDGET } from "./scheduler.ts";

export abstract class Branch<T> extends BranchState implements Waker {
  declare readonly kernel: Kernel;
  /** Whoever polls it, and so waits for its cleanup. */
  declare parent: Branch<unknown> | null;
  declare budget: number;
  /** What the body waits for, as far as it is known: for descriptions, and to drop it when it is stuck. */
  declare leaf: Future<unknown> | null;
  /** The value, or the error when FAILED. */
  declare result: unknown;
  /** Dropped branches below that are still cleaning up. */
  declare cleanups: number;
  /** The `AsyncLocalStorage` context in which the scheduler drives it. */
  declare context: AsyncContext | undefined;
  /** Where that context leads to, while a generator body runs. */
  declare trail: Trail | null;
  declare private waker: Waker | null;
  declare private routine: Routine<T> | null;
  declare private awaits: PendingAwaits | null;
  declare private cancellation: Cancellation | null;

  constructor(kernel: Kernel, parent: Branch<unknown> | null) {
    super();
    this.kernel = kernel;
    this.parent = parent;
    this.budget = BUDGET;
    this.leaf = null;
    this.result = undefined;
    this.cleanups = 0;
    this.context = undefined;
    this.trail = parent === null ? null : parent.trail;
    this.waker = null;
    this.routine = null;
    this.awaits = null;
    this.cancellation = null;
  }

  /** Calls the body. */
  protected abstract invoke(): Routine<T> | Awaitable<T>;
  /** The body of a detached branch, or of a task, has ended and nothing below it is cleaning up. */
  protected abstract ended(): void;
  /** For messages. */
  abstract describe(): string;

  /** Waits for something that the runtime does not know: a promise that is not one of its futures. */
  get isInForeignAwait(): boolean {
    return (this.flags & (ASYNC | DONE)) === ASYNC && (this.awaits?.isEmpty ?? true) && this.cleanups === 0;
  }
  get cancelError(): CancelledError | undefined {
    return this.cancellation?.error;
  }

  /** What the branch is waiting for right now. */
  *waits(): IterableIterator<Future<unknown>> {
    if (this.isDone) return;
    if ((this.flags & ASYNC) === 0) {
      if (this.leaf !== null) yield this.leaf;
      return;
    }
    for (const pending of this.awaits?.list() ?? []) yield pending.future;
  }

  // ── being driven

  /** Runs the body until it waits or ends. */
  advance(waker: Waker): void {
    if (this.flags & (DONE | RUNNING)) return;
    this.waker = waker;
    const { branch: outerBranch, waker: outerWaker } = cx;
    cx.branch = this;
    cx.waker = waker;
    this.flags |= RUNNING;
    try {
      if (this.routine !== null) this.drive(this.routine);
      else if (this.flags & STARTED) this.advanceOther();
      else this.start();
    } catch (error) {
      this.end(FAILED, error);
    }
    this.flags &= ~RUNNING;
    cx.branch = outerBranch;
    cx.waker = outerWaker;
    if (this.flags & NEEDS_DRIVE) {
      this.flags &= ~NEEDS_DRIVE;
      this.wake();
    }
  }

  /** A detached branch is its own waker. */
  wake(): void {
    if ((this.flags & DONE) === 0) this.kernel.scheduler.push(this);
  }

  run(): void {
    if (this.context === undefined) this.runDetached();
    else this.context.runInAsyncScope(runDetached, undefined, this as Branch<unknown>);
  }

  static readonly runDetached = (branch: Branch<unknown>): void => branch.runDetached();

  private runDetached(): void {
    const { budget } = cx;
    cx.budget = BUDGET;
    this.advance(this);
    cx.budget = budget;
  }

  private start(): void {
    this.flags |= STARTED;
    if (this.flags & CANCELLED) throw this.cancellation!.error;
    const { body } = this;
    if (isGeneratorFunction(body)) {
      this.flags |= NATIVE | ROUTINE;
      const routine = this.invoke() as Routine<T>;
      this.routine = routine;
      return this.drive(routine);
    }
    const result =
      body instanceof Future ? this.invoke() : runInTrail(this as Branch<unknown>, () => this.invoke());
    if (isRoutine(result)) {
      this.flags |= ROUTINE;
      this.routine = result as Routine<T>;
      this.drive(this.routine);
    } else if (result instanceof Future) {
      // The body of a task may be a future itself; the task has claimed it.
      if (this.leaf === null) this.leaf = claim(result);
      this.pollLeaf(this.leaf);
    } else if (isThenable(result)) {
      this.flags |= ASYNC;
      result.then(
        (value) => this.settleAsync(0, value),
        (error: unknown) => this.settleAsync(FAILED, error),
      );
    } else this.end(0, result);
  }

  /** What `invoke` calls, or returns if it is a future. */
  protected get body(): unknown {
    return undefined;
  }

  private drive(routine: Routine<T>): void {
    const { flags } = this;
    if (flags & EXPIRED) return this.force(routine);
    let step: IteratorResult<Suspend, T>;
    if ((flags & (CANCELLED | DELIVERED)) === CANCELLED) step = this.deliver(routine);
    else
      step =
        flags & NATIVE
          ? (resume.call(routine as Routine<unknown>) as IteratorResult<Suspend, T>)
          : routine.next();
    if (step.done) return this.end(0, step.value);
    // Cancelled by its own doing, or by something it called: this is its next suspension point.
    if ((this.flags & (CANCELLED | DELIVERED)) === CANCELLED) {
      step = this.deliver(routine);
      if (step.done) this.end(0, step.value);
    }
  }

  // #region deliver
  private deliver(routine: Routine<T>): IteratorResult<Suspend, T> {
    const { error } = this.cancellation!;
    this.flags |= DELIVERED;
    this.openWindow();
    this.rejectAwaits(error);
    return routine.throw(error);
  }
  // #endregion deliver

  private force(routine: Routine<T>): void {
    const { error } = this.cancellation!;
    this.rejectAwaits(error);
    const step = unwindByForce(routine, error);
    if (step.done && !step.isReturned) return this.end(0, step.value);
    if (!step.done && this.leaf !== null) abandon(this.leaf);
    this.end(FAILED, error);
  }

  private advanceOther(): void {
    if ((this.flags & (CANCELLED | DELIVERED)) === CANCELLED || this.flags & AWAITS_CLEANUPS) {
      if (this.flags & ASYNC) this.deliverToAwaits(this.awaits);
      else this.cancelLeaf();
    } else if ((this.flags & ASYNC) === 0) this.pollLeaf(this.leaf!);
  }

  private pollLeaf(leaf: Future<unknown>): void {
    const value = leaf.poll(cx.waker!);
    if (value !== PENDING) this.end(0, value);
    else if (this.flags & CANCELLED) this.cancelLeaf();
  }

  /** The body is a future: there is nothing to unwind but what it drops. */
  private cancelLeaf(): void {
    this.flags |= DELIVERED;
    if (this.leaf !== null) abandon(this.leaf);
    this.leaf = null;
    if (!this.mustAwaitCleanups()) throw this.cancellation!.error;
  }

  private settleAsync(failed: number, result: unknown): void {
    if (this.flags & DONE) return;
    if (hooks.current !== null) hooks.current.bodySuspended?.(this as Branch<unknown>);
    this.end(failed, result);
    this.waker?.wake();
  }

  private end(failed: number, result: unknown): void {
    if (this.flags & DONE) return;
    this.flags |= DONE | failed;
    this.result = result;
    this.routine = null;
    this.leaf = null;
    if (this.cancellation !== null) this.kernel.clock.cancel(this.cancellation);
    if (this.parent !== null && this.cleanups > 0) {
      // What is still cleaning up below now counts for the ancestor that `cleanupDone` will find.
      this.parent.unfinished().cleanups += this.cleanups;
      this.cleanups = 0;
    }
    if (this.flags & DETACHED) {
      this.ended();
      this.parent?.unfinished().cleanupDone();
    }
  }

  // ── awaits of an async body

  /** The next await of the async body is where its cancellation is delivered. */
  get isCancelPending(): boolean {
    return (this.flags & (CANCELLED | DELIVERED | ASYNC)) === (CANCELLED | ASYNC);
  }
  addAwait(pending: Await<unknown>): void {
    (this.awaits ??= new PendingAwaits(this as Branch<unknown>)).add(pending);
    if (this.isCancelPending) this.deliverToAwaits(this.awaits);
  }
  removeAwait(pending: Await<unknown>): void {
    this.awaits!.remove(pending);
  }

  /** Those of async functions that a generator body has called. */
  private rejectAwaits(error: CancelledError): void {
    this.awaits?.abandonAll();
    this.awaits?.rejectAll(error);
  }

  /** A body that comes back after it was left behind still unwinds, unless it swallows that, too. */
  rejectLate(pending: Await<unknown>): void {
    const isForced = (this.flags & (ASYNC | DONE)) === ASYNC;
    if (!isForced) this.cancellation!.rejectLate(pending);
  }

  private deliverToAwaits(awaits: PendingAwaits | null): void {
    awaits?.abandonAll();
    if (this.mustAwaitCleanups()) return;
    this.openWindow();
    // In a foreign promise: the next await of a future is where it is delivered.
    if (awaits === null || awaits.isEmpty) return;
    this.flags |= DELIVERED;
    awaits.rejectAll(this.cancellation!.error);
  }

  /** The body was left behind: it goes on waiting, and nobody waits for it. */
  leaveBehind(error: CancelledError): void {
    this.settleAsync(FAILED, error);
  }

  // ── cancellation

  /** Notes the request; it is delivered when the branch is driven next. False when it comes too late. */
  requestCancel(error: CancelledError): boolean {
    if (this.flags & (DONE | CANCELLED)) return false;
    this.flags |= CANCELLED;
    this.cancellation = new Cancellation(this as Branch<unknown>, error);
    return true;
  }

  /**
   * Whoever held the branch dropped it: it is cancelled (unless shielded), unwinds at once as far as it
   * can, and goes on by itself if its cleanup must wait.
   */
  detach(isShielded: boolean): void {
    if (this.flags & (DONE | DETACHED)) return;
    if (!isShielded) {
      const reason = this.parent?.cancelError?.reason;
      this.requestCancel(new CancelledError(`${this.describe()} was abandoned`, reason));
    }
    this.flags |= DETACHED;
    this.waker = this;
    if (this.parent !== null) this.parent.unfinished().cleanups++;
    if (this.flags & RUNNING) this.flags |= NEEDS_DRIVE;
    else {
      if (this.kernel.asyncContext) this.context = captureContext();
      if (isShielded) this.wake();
      else this.runDetached();
    }
  }

  /** The end of the cleanup window. */
  expire(): void {
    if (this.flags & DONE) return;
    this.flags |= EXPIRED;
    if (this.flags & ASYNC) {
      this.flags |= DELIVERED;
      (this.awaits ??= new PendingAwaits(this as Branch<unknown>)).force(this.cancellation!);
    } else this.wake();
  }

  private openWindow(): void {
    this.cancellation!.openWindow(this.kernel.clock, this.kernel.cleanupWindow);
  }

  // ── cleanups below

  /** True while branches below are cleaning up; the branch is then driven again when they are done. */
  mustAwaitCleanups(): boolean {
    const { flags, cancellation } = this;
    if (this.cleanups === 0 || flags & EXPIRED) {
      this.flags = flags & ~AWAITS_CLEANUPS;
      if ((flags & (AWAITS_CLEANUPS | EXPIRED)) === AWAITS_CLEANUPS && cancellation !== null)
        this.openWindow();
      return false;
    }
    // Its own cleanup has not begun: the window opens when those below are done.
    if (cancellation !== null) this.kernel.clock.cancel(cancellation);
    this.flags = flags | AWAITS_CLEANUPS;
    return true;
  }

  cleanupDone(): void {
    this.cleanups--;
    if (this.cleanups > 0) return;
    if (this.flags & DONE) this.ended();
    else if (this.flags & AWAITS_CLEANUPS) this.waker?.wake();
  }

  /** This branch, or the nearest one above that has not ended. */
  unfinished(): Branch<unknown> {
    let branch = this as Branch<unknown>;
    while (branch.flags & DONE && branch.parent !== null) branch = branch.parent;
    return branch;
  }
}

const { runDetached } = Branch;
