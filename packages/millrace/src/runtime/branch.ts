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
 *  3. A generator is never entered twice: cancelled from inside, it hears of it at its next suspension.
 *  4. `throw` is used for cancellation in both styles. `return` alone would be forgotten by an outer
 *     `yield*` as soon as an inner `finally` waits, so it serves only as the last resort.
 */
import type { CancelledError } from "../errors.ts";
import type { Await } from "./await.ts";
import { refuseYields } from "./bare-yield.ts";
import {
  isGeneratorFunction,
  isRoutine,
  isThenable,
  PENDING,
  resume,
  SUSPENDED,
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
import type { AsyncContext } from "./host.ts";
import { cx, type Kernel } from "./kernel.ts";
import { runInTrail, type Trail } from "./trail.ts";
import { PendingAwaits } from "./pending-awaits.ts";
import { Extras } from "./branch-extras.ts";
import { BUDGET } from "./scheduler.ts";
import { wakeSafely } from "./listeners.ts";

export abstract class Branch<T> extends BranchState implements Waker {
  declare readonly kernel: Kernel;
  /**
   * One after the other: whatever is to be run, until it starts; the future that the body waits for, as far
   * as it is known, null if none; the value, or the error when FAILED.
   */
  declare work: unknown;
  /** The generator, while it runs. */
  declare protected routine: Routine<T> | null;
  /** The `AsyncLocalStorage` context in which the scheduler drives it. */
  declare context: AsyncContext | undefined;
  /** Where that context leads to, while a generator body runs. */
  declare trail: Trail | null;
  declare protected extras: Extras | null;

  constructor(kernel: Kernel, work: unknown, trail: Trail | null) {
    super();
    this.kernel = kernel;
    this.work = work;
    this.routine = null;
    this.context = undefined;
    this.trail = trail;
    this.extras = null;
  }

  /** Whoever polls it, and so waits for its cleanup. */
  abstract readonly parent: Branch<unknown> | null;
  /** The number of the task that it belongs to; 0 when to none. */
  abstract readonly taskId: number;
  /** Whom it wakes. */
  abstract readonly waker: Waker | null;

  /** Calls the body. */
  protected abstract invoke(): Routine<T> | Awaitable<T>;
  /** The body of a detached branch, or of a task, has ended and nothing below it is cleaning up. */
  protected abstract ended(): void;
  /** For messages. */
  abstract describe(): string;

  get cancelError(): CancelledError | undefined {
    return this.cancellation?.error;
  }
  /** What a body that is not async waits for. */
  get leaf(): Future<unknown> | null {
    return (this.flags & (STARTED | DONE)) === STARTED ? (this.work as Future<unknown> | null) : null;
  }
  /** The value, or the error when it failed. */
  get result(): unknown {
    return this.flags & DONE ? this.work : undefined;
  }
  /** Dropped branches below that are still cleaning up. */
  get cleanups(): number {
    return this.extras?.cleanups ?? 0;
  }
  set cleanups(count: number) {
    this.extra().cleanups = count;
  }
  get budget(): number {
    return this.extras?.budget ?? BUDGET;
  }
  set budget(left: number) {
    this.extra().budget = left;
  }
  protected get cancellation(): Cancellation | null {
    return this.extras?.cancellation ?? null;
  }
  private get awaits(): PendingAwaits | null {
    return this.extras?.awaits ?? null;
  }
  protected extra(): Extras {
    return (this.extras ??= new Extras());
  }

  // ── being driven

  /** Runs the body until it waits or ends; `cx` leads to it. True if it must be driven again at once. */
  protected proceed(): boolean {
    const { flags, work, routine } = this;
    try {
      if (routine !== null) {
        this.flags = flags | RUNNING;
        this.drive(routine);
      } else if ((flags & (STARTED | CANCELLED)) === 0 && isGeneratorFunction(work)) {
        this.flags = flags | (RUNNING | STARTED | NATIVE | ROUTINE);
        this.drive((this.routine = this.invoke() as Routine<T>));
      } else {
        this.flags = flags | (RUNNING | STARTED);
        if (flags & STARTED) this.advanceOther();
        else this.start();
      }
    } catch (error) {
      this.end(FAILED, error);
    }
    const now = this.flags;
    this.flags = now & ~(RUNNING | NEEDS_DRIVE);
    return (now & NEEDS_DRIVE) !== 0;
  }

  /** Puts it in the run queue. */
  abstract wake(): void;

  private start(): void {
    if (this.flags & CANCELLED) throw this.cancellation!.error;
    const { body } = this;
    if (isGeneratorFunction(body)) {
      this.flags |= NATIVE | ROUTINE;
      return this.drive((this.routine = this.invoke() as Routine<T>));
    }
    const result = body instanceof Future ? this.invoke() : this.invokeInTrail();
    if (isRoutine(result)) {
      this.flags |= ROUTINE;
      this.drive((this.routine = result as Routine<T>));
    } else if (result instanceof Future) {
      // The body of a task may be a future itself; the task has claimed it.
      this.pollLeaf((this.work ??= claim(result)) as Future<unknown>);
    } else if (isThenable(result)) {
      this.flags |= ASYNC;
      result.then(
        (value) => this.settleAsync(0, value),
        (error: unknown) => this.settleAsync(FAILED, error),
      );
    } else this.end(0, result);
  }

  /** It may turn out async, so the context must lead here before it is called. */
  private invokeInTrail(): Routine<T> | Awaitable<T> {
    const { context, trail } = this;
    // The scheduler has entered the context, and it leads here already.
    if (context !== undefined && trail !== null && trail.branch === this && !trail.isShared) {
      const { isMarked } = cx;
      cx.isMarked = true;
      try {
        return this.invoke();
      } finally {
        cx.isMarked = isMarked;
      }
    }
    return runInTrail(this as Branch<unknown>, () => this.invoke());
  }

  /** What `invoke` calls, or returns if it is a future. */
  protected abstract readonly body: unknown;

  private drive(routine: Routine<T>): void {
    const { flags } = this;
    let step: IteratorResult<Suspend, T>;
    if ((flags & (CANCELLED | NATIVE)) === NATIVE)
      step = resume.call(routine as Routine<unknown>) as IteratorResult<Suspend, T>;
    else if (flags & EXPIRED) return this.force(routine);
    else if ((flags & (CANCELLED | DELIVERED)) === CANCELLED) step = this.deliver(routine);
    else step = routine.next();
    if (!step.done && step !== SUSPENDED) step = refuseYields(this, routine, step);
    if (step.done) return this.end(0, step.value);
    // Cancelled by its own doing, or by something it called: this is its next suspension point.
    if ((this.flags & (CANCELLED | DELIVERED)) !== CANCELLED) return;
    step = refuseYields(this, routine, this.deliver(routine));
    if (step.done) this.end(0, step.value);
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
    this.work = null;
    if (!this.mustAwaitCleanups()) throw this.cancellation!.error;
  }

  private settleAsync(failed: number, result: unknown): void {
    if (this.flags & DONE) return;
    hooks.current?.bodySuspended?.(this as Branch<unknown>);
    this.end(failed, result);
    if (this.waker !== null) wakeSafely(this.waker);
  }

  private end(failed: number, result: unknown): void {
    const { flags, extras } = this;
    if (flags & DONE) return;
    this.flags = flags | DONE | failed;
    this.work = result;
    this.routine = null;
    if (extras !== null) this.settleExtras(extras);
    if ((flags & CANCELLED) | failed) hooks.current?.branchSpoilt?.(this as Branch<unknown>);
    if (flags & DETACHED) {
      this.ended();
      this.parent?.unfinished().cleanupDone();
    }
  }

  private settleExtras(extras: Extras): void {
    if (extras.cancellation !== null) this.kernel.clock.cancel(extras.cancellation);
    if (extras.cleanups === 0 || this.parent === null) return;
    // What is still cleaning up below now counts for the ancestor that `cleanupDone` will find.
    this.parent.unfinished().cleanups += extras.cleanups;
    extras.cleanups = 0;
  }

  // ── awaits of an async body

  addAwait(pending: Await<unknown>): void {
    (this.extra().awaits ??= new PendingAwaits(this as Branch<unknown>)).add(pending);
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
    if ((this.flags & (ASYNC | DONE)) !== ASYNC) this.cancellation!.rejectLate(pending);
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
    this.extra().cancellation = new Cancellation(this as Branch<unknown>, error);
    return true;
  }

  /** The end of the cleanup window. */
  expire(): void {
    if (this.flags & DONE) return;
    this.flags |= EXPIRED;
    if (this.flags & ASYNC) {
      this.flags |= DELIVERED;
      (this.extra().awaits ??= new PendingAwaits(this as Branch<unknown>)).force(this.cancellation!);
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
    if (--this.extra().cleanups > 0) return;
    if (this.flags & DONE) this.ended();
    else if (this.flags & AWAITS_CLEANUPS && this.waker !== null) wakeSafely(this.waker);
  }

  /** This branch, or the nearest one above that has not ended. */
  unfinished(): Branch<unknown> {
    let branch = this as Branch<unknown>;
    while (branch.flags & DONE && branch.parent !== null) branch = branch.parent;
    return branch;
  }
}
