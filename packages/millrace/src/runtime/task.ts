/**
 * A task: a branch that the scheduler drives, with an identity and an outcome.
 *
 *   HELD ──release──► QUEUED ──run──► branch states … ──► body DONE ──cleanups below at 0──► SETTLED
 *    │                  │                                                                     │
 *    └────── abort ─────┴──────────────────────────────────────────────────────────────► cancelled
 *
 * When it settles its joiners are woken, its owner (scope, set) is told, and a failure that nobody has
 * seen is noted (`failure.ts`).
 */
import { CancelledError } from "../errors.ts";
import type { Awaitable, Body, Outcome, Routine, Waker } from "./body.ts";
import { Branch } from "./branch.ts";
import { forget, noteFailure, report, type FailureNote } from "./failure.ts";
import { abandon, Future } from "./future.ts";
import { hooks } from "./hooks.ts";
import { BUDGET } from "./scheduler.ts";
import { cx, type Kernel, type TaskId } from "./kernel.ts";
import { captureFor } from "./trail.ts";
import { WaitQueue, type Waiter } from "./wait-queue.ts";

export type { TaskId };

/** Passed to every task body; also `currentTask()`. */
export interface TaskContext {
  readonly id: TaskId;
  readonly name: string | undefined;
  /** Aborts when the task is cancelled: hand it to `fetch` and other foreign APIs. */
  readonly signal: AbortSignal;
  readonly isCancelled: boolean;
}

/** Who is told when a task settles: a scope, a set. It then answers for the task's failure. */
export interface TaskOwner {
  taskSettled(task: Task<unknown>): void;
}

export type TaskBody<T> = Body<T, [TaskContext]> | Future<T>;

/** A value that travels down the branches of a task (`taskLocal`). */
export interface LocalBinding {
  readonly local: object;
  readonly value: unknown;
  readonly next: LocalBinding | null;
}

// Bits of `flags`.
const SETTLED = 1 << 16;
const UNOWNED = 1 << 17;
const OBSERVED = 1 << 18;
const COUNTED = 1 << 19;
const LEAVING = 1 << 20;

/** What few tasks have; made when one does. */
class Extras {
  failure: FailureNote | null = null;
  spawnedAt: string | undefined = undefined;
  kind: "task" | "thread" | "actor" = "task";
  locals: LocalBinding | null = null;
  controller: AbortController | null = null;
  onEnd: (() => void) | null = null;
}

/** A call that a task runs as its own body: one branch instead of two (the skynet row of the bench). */
interface PlainCall<T> {
  callHere(): Routine<T> | Awaitable<T>;
}

let lastId = 0;

export class Task<T> extends Branch<T> implements TaskContext {
  declare readonly id: TaskId;
  declare readonly name: string | undefined;
  declare owner: TaskOwner | null;
  declare nextLive: Task<unknown> | null;
  declare prevLive: Task<unknown> | null;
  declare private unstarted: TaskBody<T> | null;
  declare private joiners: WaitQueue | null;
  declare private extras: Extras | null;

  constructor(kernel: Kernel, body: TaskBody<T>, name: string | undefined, owner: TaskOwner | null) {
    super(kernel, null);
    this.id = ++lastId as TaskId;
    this.name = name;
    this.owner = owner;
    this.nextLive = null;
    this.prevLive = null;
    this.unstarted = body;
    this.joiners = null;
    this.extras = null;
    if (kernel.asyncContext) this.context = captureFor(this as Branch<unknown>);
    kernel.add(this as Task<unknown>);
    if (hooks.current !== null) {
      this.extra().spawnedAt = hooks.current.callSite?.(Task);
      hooks.current.taskSpawned?.(this as Task<unknown>);
    }
  }

  get isSettled(): boolean {
    return (this.flags & SETTLED) !== 0;
  }
  /** Nobody will join: a failure is reported at once. */
  get isDetached(): boolean {
    return (this.flags & UNOWNED) !== 0;
  }
  set isDetached(_: true) {
    this.flags |= UNOWNED;
  }
  /** Counted by its group as running. */
  get isCounted(): boolean {
    return (this.flags & COUNTED) !== 0;
  }
  set isCounted(_: true) {
    this.flags |= COUNTED;
  }
  /** Somebody has taken the outcome, or answers for it. */
  get isObserved(): boolean {
    return (this.flags & OBSERVED) !== 0;
  }
  set isObserved(_: true) {
    this.flags |= OBSERVED;
  }
  /** It was told to end, has nothing left to do but that, and has not had its turn since: no leak. */
  get isLeaving(): boolean {
    return (this.flags & LEAVING) !== 0;
  }
  set isLeaving(_: true) {
    this.flags |= LEAVING;
  }
  get failure(): FailureNote | null {
    return this.extras?.failure ?? null;
  }
  set failure(note: FailureNote | null) {
    this.extra().failure = note;
  }
  get spawnedAt(): string | undefined {
    return this.extras?.spawnedAt;
  }
  get kind(): "task" | "thread" | "actor" {
    return this.extras?.kind ?? "task";
  }
  set kind(kind: "task" | "thread" | "actor") {
    this.extra().kind = kind;
  }
  get locals(): LocalBinding | null {
    return this.extras?.locals ?? null;
  }
  set locals(locals: LocalBinding | null) {
    this.extra().locals = locals;
  }

  get signal(): AbortSignal {
    const extras = this.extra();
    if (extras.controller === null) {
      extras.controller = new AbortController();
      if (this.isCancelled) extras.controller.abort(this.cancelError);
    }
    return extras.controller.signal;
  }

  /** "task #3 'name'" */
  describe(): string {
    return this.name === undefined ? `task #${this.id}` : `task #${this.id} '${this.name}'`;
  }

  protected override get body(): unknown {
    const body = this.unstarted;
    return body instanceof Future ? (body.callOf ?? body) : body;
  }
  protected invoke(): Routine<T> | Awaitable<T> {
    const body = this.unstarted!;
    this.unstarted = null;
    if (!(body instanceof Future)) return body(this);
    if (body.callOf !== undefined) return (body as unknown as PlainCall<T>).callHere();
    this.leaf = body;
    return body;
  }

  override wake(): void {
    if (this.isSettled) return;
    if (hooks.current !== null) hooks.current.taskWoken?.(this as Task<unknown>);
    this.kernel.scheduler.push(this);
  }

  override run(): void {
    const { context } = this;
    if (context === undefined) this.step();
    else context.runInAsyncScope(step, undefined, this as Task<unknown>);
  }

  static readonly step = (task: Task<unknown>): void => task.step();

  private step(): void {
    const { budget, isMarked } = cx;
    cx.budget = BUDGET;
    cx.isMarked = false;
    if (hooks.current !== null) hooks.current.pollStarted?.(this as Task<unknown>);
    this.advance(this);
    if (hooks.current !== null) hooks.current.pollEnded?.(this as Task<unknown>);
    this.budget = BUDGET;
    cx.budget = budget;
    cx.isMarked = isMarked;
    if (this.isDone && this.cleanups === 0) this.ended();
  }

  abort(reason?: unknown): void {
    if (this.isDone || this.isCancelled) return;
    this.requestCancel(new CancelledError(`${this.describe()} was cancelled`, reason));
    this.extras?.controller?.abort(this.cancelError);
    if (hooks.current !== null) hooks.current.taskCancelled?.(this as Task<unknown>);
    if (this.isStarted) return this.wake();
    // Never started: it runs nothing.
    this.kernel.scheduler.unlink(this);
    const body = this.unstarted;
    this.unstarted = null;
    if (body instanceof Future) abandon(body);
    this.advance(this);
    this.ended();
  }

  /** Nobody will join: a failure is reported at once, also one that has already happened. */
  detachHandle(): void {
    this.isDetached = true;
    if (this.failure !== null) report(this.failure);
  }

  protected ended(): void {
    if (this.isSettled) return;
    this.flags |= SETTLED;
    this.kernel.scheduler.unlink(this);
    this.context = undefined;
    this.kernel.remove(this as Task<unknown>);
    if (hooks.current !== null) hooks.current.taskEnded?.(this as Task<unknown>);
    if (this.isFailed && !(this.result instanceof CancelledError) && !this.isObserved)
      noteFailure(this as Task<unknown>);
    this.joiners?.close();
    this.extras?.onEnd?.();
    const { owner } = this;
    this.owner = null;
    owner?.taskSettled(this as Task<unknown>);
  }

  /** Runs `release` when the task settles. */
  onEnd(release: () => void): void {
    if (this.isSettled) return release();
    const extras = this.extra();
    const earlier = extras.onEnd;
    extras.onEnd =
      earlier === null
        ? release
        : () => {
            earlier();
            release();
          };
  }

  private extra(): Extras {
    return (this.extras ??= new Extras());
  }

  // ── joining

  enterJoin(waker: Waker): Waiter {
    return (this.joiners ??= new WaitQueue(0)).enter(1, waker);
  }
  leaveJoin(waiter: Waiter): void {
    this.joiners?.abandon(waiter);
  }

  /** The value, or throws the error: whoever asks has observed it. */
  take(): T {
    this.observe();
    if (this.isFailed) throw this.result;
    return this.result as T;
  }

  outcome(): Outcome<T> {
    this.observe();
    if (!this.isFailed) return { status: "fulfilled", value: this.result as T };
    const error = this.result;
    return error instanceof CancelledError
      ? { status: "cancelled", reason: error.reason }
      : { status: "rejected", reason: error };
  }

  observe(): void {
    this.isObserved = true;
    if (this.failure !== null) forget(this as Task<unknown>);
  }
}

const { step } = Task;
