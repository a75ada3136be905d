/**
 * One `await` of a future in an async body: polls it, and settles a native promise with the result.
 *
 * The promise is native so that the engine keeps its asynchronous stack traces and a second `await` of
 * the same future costs nothing. An await belongs to the branch (task or `asyncFn` call) whose code
 * awaited; cancelling the branch rejects its pending awaits.
 */
import { PENDING, type Poll, type Waker } from "./body.ts";
import { pin } from "../internal/pin.ts";
import type { Branch } from "./branch.ts";
import { isOfAwait, rejectedAtAwait } from "./caller-line.ts";
import type { Future } from "./future.ts";
import { captureContext, type AsyncContext } from "./host.ts";
import { hooks } from "./hooks.ts";
import { cx, UNLIMITED, type Kernel } from "./kernel.ts";
import { ambientBranch, ambientKernel } from "./trail.ts";
import { BUDGET, Runnable } from "./scheduler.ts";

/**
 * The value of a future whose await begins, if it need not wait: then no `Await` is made. An explorer and a
 * recorder see every await, so they have none of this.
 */
export function takeAwaited<T>(future: Future<T>, branch: Branch<unknown> | null): Poll<T> {
  const kernel = branch === null ? ambientKernel() : branch.kernel;
  if (hooks.current !== null || kernel.resumeLater !== null || branch?.rejectsAwaits === true) return PENDING;
  const owner = branch ?? kernel;
  const { budget } = cx;
  cx.budget = owner.budget;
  const value = future.futureNow();
  if (value !== PENDING) owner.budget = cx.budget;
  cx.budget = budget;
  return value;
}

export class Await<T> extends Runnable implements Waker {
  declare promise: Promise<T>;
  declare future: Future<T>;
  declare readonly branch: Branch<unknown> | null;
  /** Links in the branch's list of pending awaits. */
  declare nextAwait: Await<unknown> | null;
  declare prevAwait: Await<unknown> | null;
  declare isPending: boolean;
  declare private isAbandoned: boolean;
  declare private kernel: Kernel;
  declare private context: AsyncContext | undefined;
  declare private resolve: ((value: T) => void) | null;
  declare private rejectPromise: ((reason: unknown) => void) | null;

  constructor(future: Future<T>, branch: Branch<unknown> | null = ambientBranch()) {
    super();
    this.nextAwait = null;
    this.prevAwait = null;
    this.isPending = false;
    this.isAbandoned = false;
    this.context = undefined;
    this.resolve = null;
    this.rejectPromise = null;
    this.future = future;
    this.branch = branch;
    this.kernel = branch === null ? ambientKernel() : branch.kernel;
    this.promise = undefined!;
  }

  /** Polls for the first time. A ready future costs no trip through the run queue. */
  start(): Promise<T> {
    const { branch } = this;
    if (branch !== null && branch.rejectsAwaits) {
      // Its cleanup window is over: the branch rejects this await in the next macrotask.
      this.makePromise();
      branch.rejectLate(this as Await<unknown>);
      return this.promise;
    }
    const kernel = this.kernel;
    if (branch !== null) hooks.current?.awaitStarted?.(branch);
    // From here on a wake-up counts, also one that comes out of this very poll.
    this.isPending = true;
    let value: Poll<T>;
    try {
      value = this.poll((branch ?? kernel).budget);
    } catch (error) {
      if (this.wasCancelled) return this.promise;
      this.isPending = false;
      if (branch !== null && branch.isCancelPending) return this.cancelledHere();
      return (this.promise = this.resumeWith(true, error));
    }
    if (this.wasCancelled) return this.promise;
    if (value !== PENDING) {
      this.isPending = false;
      return (this.promise = this.resumeWith(false, value));
    }
    if (kernel.asyncContext) this.context = captureContext();
    this.makePromise();
    kernel.onIdle?.();
    return this.promise;
  }

  /** The future was disposed by its own first poll. */
  private get wasCancelled(): boolean {
    return this.promise !== undefined;
  }

  /** Cancelled while the await before had its result already: this one is told, though it failed at once. */
  private cancelledHere(): Promise<T> {
    this.isAbandoned = true;
    this.makePromise();
    return this.promise;
  }

  wake(): void {
    if (!this.isPending) return;
    if (this.branch !== null) hooks.current?.bodyWoken?.(this.branch);
    this.kernel.scheduler.push(this);
  }

  run(): void {
    if (!this.isPending) return;
    const context = this.context;
    if (context === undefined) step(this as Await<unknown>);
    else context.runInAsyncScope(step, undefined, this as Await<unknown>);
  }

  /** From now on it waits for a view of its future, which others use as well. */
  follow(view: Future<T>): void {
    this.future = view;
    this.wake();
  }

  /** Drops the future; the await stays pending until it is rejected. */
  abandon(drop: (future: Future<unknown>) => void): void {
    if (!this.isPending || this.isAbandoned) return;
    this.isAbandoned = true;
    drop(this.future);
  }

  reject(error: unknown): void {
    if (!this.isPending) return;
    this.finish();
    this.rejectPromise!(error);
  }

  /** The future was disposed while it was awaited. */
  cancel(error: unknown): void {
    if (!this.isPending) return;
    // By its own first poll.
    if (this.promise === undefined) this.makePromise();
    this.abandon((future) => future.drop());
    this.reject(error);
  }

  private step(): void {
    // Woken, then cancelled: the cancellation, which is on its way, finds it pending and drops it.
    if (this.isAbandoned || this.branch?.isBeingCancelled) return;
    let value: Poll<T>;
    try {
      const { branch } = this;
      value = this.poll(branch !== null && branch.budget > BUDGET ? UNLIMITED : BUDGET);
    } catch (error) {
      if (!this.isPending) return;
      this.finish();
      if (this.kernel.resumeLater === null && !isOfAwait(error, this)) this.rejectPromise!(error);
      else this.resolve!(this.resumeWith(true, error) as T);
      return;
    }
    if (value === PENDING || !this.isPending) return;
    this.finish();
    this.resolve!(this.kernel.resumeLater === null ? value : (this.resumeWith(false, value) as T));
  }

  private poll(budget: number): Poll<T> {
    const { branch: outerBranch, waker: outerWaker, budget: outerBudget, isMarked } = cx;
    cx.branch = this.branch;
    cx.waker = this;
    cx.budget = budget;
    cx.isMarked = true; // runs in the async body's own context
    try {
      return this.future.poll(this);
    } finally {
      (this.branch ?? this.kernel).budget = cx.budget;
      cx.branch = outerBranch;
      cx.waker = outerWaker;
      cx.budget = outerBudget;
      cx.isMarked = isMarked;
    }
  }

  private makePromise(): void {
    this.isPending = true;
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.rejectPromise = reject;
    });
    const { branch } = this;
    if (branch === null) return;
    branch.addAwait(this as Await<unknown>);
    hooks.current?.bodySuspended?.(branch);
  }

  /** What the async body goes on with, when it may. */
  private resumeWith(isFailed: boolean, result: unknown): Promise<T> {
    const { resumeLater } = this.kernel;
    if (resumeLater !== null)
      return resumeLater(this as Await<unknown>).then(() => give(isFailed, result) as T);
    if (!isFailed) return Promise.resolve(result as T);
    return isOfAwait(result, this) ? rejectedAtAwait(result) : Promise.reject(result);
  }

  private finish(): void {
    this.isPending = false;
    const { branch } = this;
    if (branch === null) return;
    branch.removeAwait(this as Await<unknown>);
    hooks.current?.bodyResumed?.(branch, this.future as Future<unknown>);
  }
}

function step(self: Await<unknown>): void {
  const { branch } = self;
  if (hooks.current === null || branch === null) return self["step"]();
  hooks.current.awaitPollStarted?.(branch);
  self["step"]();
  hooks.current?.awaitPollEnded?.(branch);
}

function give(isFailed: boolean, result: unknown): unknown {
  if (isFailed) throw result;
  return result;
}

pin(new Await(null as never, { kernel: null } as never));
