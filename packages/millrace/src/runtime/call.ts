/**
 * Calls: a body run as a future inside the task that polls it, as a cancellation branch of its own.
 * `asyncFn`, `shield`, `taskLocal().scope` and every `with(body)` are calls.
 */
import { mayHold, releaseHeld } from "./held.ts";
import { requireBody } from "./argument.ts";
import { isInForeignAwait, waitsIn } from "./branch-waits.ts";
import { reasonOfDrop } from "./cancellation.ts";
import { CancelledError } from "../errors.ts";
import { pin } from "../internal/pin.ts";
import { PENDING, type Awaitable, type Body, type Poll, type Routine, type Waker } from "./body.ts";
import { Branch } from "./branch.ts";
import { DETACHED, DONE, FAILED, NEEDS_DRIVE, RUNNING, TAKEN } from "./branch-state.ts";
import { reportFailure } from "./failure.ts";
import type { Future } from "./future.ts";
import { Operation } from "./operation.ts";
import { captureContext } from "./host.ts";
import { cx, UNLIMITED, Kernel } from "./kernel.ts";
import { BUDGET } from "./scheduler.ts";
import { ambientKernel } from "./trail.ts";
import { Task, type LocalBinding, type TaskId } from "./task.ts";

export interface CallOptions {
  /** Dropping it lets the body go on to its end instead of cancelling it. */
  readonly isShielded?: boolean;
  readonly local?: LocalBinding;
  /** Runs when the body has ended, its cleanup included, or will never start. */
  readonly onEnd?: () => void;
  /** Takes a failure of the cleanup of a dropped call; without it the failure is reported. */
  readonly onFailure?: (error: unknown) => void;
  readonly name?: string;
}

const NO_OPTIONS: CallOptions = {};

class CallBranch<T, A extends unknown[]> extends Branch<T> {
  declare parent: Branch<unknown> | null;
  declare waker: Waker | null;
  declare readonly options: CallOptions;
  /** Until it is called; again once it was dropped, for what came with them is the caller's still. */
  declare private args: A | null;

  constructor(kernel: Kernel, body: Body<T, A>, args: A, options: CallOptions) {
    const parent = cx.branch;
    super(kernel, body, parent === null ? null : parent.trail);
    this.parent = parent;
    this.waker = null;
    this.args = args;
    this.options = options;
    // Inside `unconstrained`: an async body's awaits, which are polled on their own, are so as well.
    if (cx.budget > BUDGET) this.budget = UNLIMITED;
  }

  get taskId(): number {
    return this.parent === null ? 0 : this.parent.taskId;
  }
  get locals(): LocalBinding | null {
    return this.options.local ?? null;
  }
  protected get body(): unknown {
    return this.work;
  }
  protected invoke(): Routine<T> | Awaitable<T> {
    const body = this.work as Body<T, A>;
    const args = this.args!;
    this.work = this.args = null;
    // Spreading costs a tenth of such a call (the "stream: async map" rows of the bench).
    return args.length === 1 ? (body as Body<T, unknown[]>)(args[0]) : body(...args);
  }

  /** Runs the body until it waits or ends. */
  advance(waker: Waker): void {
    if (this.flags & (DONE | RUNNING)) return;
    this.waker = waker;
    const { branch: outerBranch, waker: outerWaker } = cx;
    cx.branch = this as Branch<unknown>;
    cx.waker = waker;
    const isDue = this.proceed();
    cx.branch = outerBranch;
    cx.waker = outerWaker;
    if (isDue) this.wake();
  }

  // ── dropped, it goes on by itself

  /** A detached branch is its own waker. */
  wake(): void {
    if ((this.flags & DONE) === 0) this.kernel.scheduler.push(this);
  }
  run(): void {
    if (this.context === undefined) this.runDetached();
    else this.context.runInAsyncScope(runDetached, undefined, this as CallBranch<unknown, unknown[]>);
  }
  static readonly runDetached = (branch: CallBranch<unknown, unknown[]>): void => branch.runDetached();
  private runDetached(): void {
    const { budget } = cx;
    cx.budget = BUDGET;
    this.advance(this);
    cx.budget = budget;
  }

  /**
   * Whoever held the branch dropped it: it is cancelled (unless shielded), unwinds at once as far as it
   * can, and goes on by itself if its cleanup must wait.
   */
  detach(isShielded: boolean, args: A): void {
    if (this.flags & (DONE | DETACHED)) return;
    this.args = args;
    if (!isShielded) {
      const reason = this.parent?.cancelError?.reason ?? reasonOfDrop();
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

  /** Only a detached call comes here: one that was dropped and has finished by itself. */
  protected ended(): void {
    // It has given its result, and what it had dropped below has cleaned up since.
    if ((this.flags & DETACHED) === 0) return;
    this.kernel.detached.delete(this as Branch<unknown>);
    if (!this.isFailed) releaseHeld(this.result, this.args ?? []);
    else if (!(this.result instanceof CancelledError)) this.failed(this.result);
    this.options.onEnd?.();
  }

  private failed(error: unknown): void {
    if (this.options.onFailure !== undefined) return this.options.onFailure(error);
    const task = rootTask(this as Branch<unknown>);
    const { id = 0 as TaskId, name, spawnedAt } = task ?? {};
    reportFailure(this.kernel, { error, id, name, spawnedAt });
  }

  describe(): string {
    const task = rootTask(this as Branch<unknown>);
    const name = this.options.name === undefined ? "a call" : `a call of ${this.options.name}`;
    return task === null ? name : `${name} in ${task.describe()}`;
  }
}

const { runDetached } = CallBranch;

export class Call<T, A extends unknown[]> extends Operation<T> {
  declare private readonly callee: Body<T, A>;
  declare private readonly args: A;
  declare private readonly callOptions: CallOptions;
  declare private running: CallBranch<T, A> | null;

  constructor(body: Body<T, A>, args: A, options: CallOptions = NO_OPTIONS) {
    super();
    this.running = null;
    this.callee = body;
    this.args = args;
    this.callOptions = options;
  }

  poll(waker: Waker): Poll<T> {
    const branch = (this.running ??= new CallBranch(
      ambientKernel(),
      this.callee,
      this.args,
      this.callOptions,
    ));
    if (branch.parent !== cx.branch) move(branch, cx.branch);
    branch.advance(waker);
    if (!branch.isDone) return PENDING;
    branch.flags |= TAKEN;
    this.callOptions.onEnd?.();
    if (branch.isFailed) throw branch.result;
    return branch.result as T;
  }

  override get callOf(): ((...args: never[]) => unknown) | undefined {
    const { isShielded, local, onEnd } = this.callOptions;
    const isPlain = isShielded === undefined && local === undefined && onEnd === undefined;
    return isPlain && this.running === null ? (this.callee as (...args: never[]) => unknown) : undefined;
  }
  /** Calls the body in the caller's own branch. */
  callHere(): Routine<T> | Awaitable<T> {
    return this.callee(...this.args);
  }

  override drop(): void {
    const branch = this.running;
    // Never begun; or an async body that has ended while nobody looked.
    if (branch === null || branch.isDone) {
      if (branch !== null && (branch.flags & (FAILED | TAKEN)) === 0) this.giveBack(branch.result as T);
      this.callOptions.onEnd?.();
      return;
    }
    // Whoever polled it last has ended: whoever drops it waits for its cleanup.
    if (branch.parent?.unfinished().isDone === true && cx.branch !== null) move(branch, cx.branch);
    branch.kernel.detached.add(branch as Branch<unknown>);
    branch.detach(this.callOptions.isShielded ?? false, this.args);
  }

  override giveBack(value: T): void {
    releaseHeld(value, this.args);
  }
  override get givesBack(): boolean {
    return this.running !== null && mayHold(this.running.result);
  }

  override describeWait(): string {
    return this.callee.name === "" ? "a call" : `a call of ${this.callee.name}`;
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return this.running === null ? super.innerWaits() : waitsIn(this.running as Branch<unknown>);
  }
  /** Its body waits for a promise that is not one of ours. */
  override get isExternalWait(): boolean {
    return this.running !== null && isInForeignAwait(this.running as Branch<unknown>);
  }

  /** @internal */
  get branch(): Branch<unknown> | null {
    return this.running as Branch<unknown> | null;
  }
}

/**
 * A call that one began may go on in another (`ref`, `shared`), which then waits for its cleanup. Not
 * in one that is below it and waits for it: the chain of parents must end.
 */
function move<T, A extends unknown[]>(branch: CallBranch<T, A>, parent: Branch<unknown> | null): void {
  for (let above = parent; above !== null; above = above.parent) if (Object.is(above, branch)) return;
  branch.parent = parent;
}

export function rootTask(branch: Branch<unknown> | null): Task<unknown> | null {
  while (branch !== null && branch.parent !== null) branch = branch.parent;
  return branch instanceof Task ? branch : null;
}

/**
 * An `async fn`: calling it returns a lazy future. Each call is a cancellation branch of its own.
 *
 * **Cancel safety.** Abandoning a call throws `CancelledError` at its innermost pending future, so that
 * `finally` and `using` run; cleanup that must wait goes on by itself, and the task does not end before
 * it. A call that was never polled runs nothing. A guard or a permit in a result that nobody gets (the call was
 * abandoned, or what it was a part of failed) is released, unless it was given to the call as an argument.
 *
 * @example
 * ```ts
 * import { asyncFn, join, sleep } from "millrace";
 *
 * const double = asyncFn(function* (n: number) { yield* sleep(10); return n * 2; });
 * console.log(await join(double(1), double(2))); // [2, 4], after 10 ms
 * ```
 */
export function asyncFn<A extends unknown[], T>(body: (...args: A) => Routine<T>): (...args: A) => Future<T>;
/** The same with an async or plain function. */
export function asyncFn<A extends unknown[], T>(
  body: (...args: A) => Awaitable<T>,
): (...args: A) => Future<T>;
export function asyncFn<A extends unknown[], T>(body: Body<T, A>): (...args: A) => Future<T> {
  requireBody("asyncFn", body);
  const options = body.name === "" ? NO_OPTIONS : { name: body.name };
  return (...args) => new Call(body, args, options);
}

/**
 * Runs `body` shielded: cancellation is delivered after it, not inside it.
 *
 * **Cancel safety.** Abandoned once it runs, it goes on to its end; the task waits for it.
 *
 * @example
 * ```ts
 * import { shield, sleep } from "millrace";
 *
 * await shield(async () => { await sleep(5); console.log("committed"); });
 * ```
 */
export function shield<T>(body: Body<T>): Future<T> {
  requireBody("shield", body);
  return new Call(body, [], { isShielded: true, name: "shield" });
}

pin(new Call(() => {}, []));
pin(new CallBranch(new Kernel(), () => {}, [], NO_OPTIONS));
