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
import type { AbortSignal } from "../internal/platform.ts";
import type { Awaitable, Body, Routine } from "./body.ts";
import { Branch } from "./branch.ts";
import type { LocalBinding } from "./branch-extras.ts";
import { DONE, FAILED, RUNNING } from "./branch-state.ts";
import { forget, noteFailure, report, type FailureNote } from "./failure.ts";
import { abandon, Future } from "./future.ts";
import { hooks, type Hooks } from "./hooks.ts";
import { LISTED, OBSERVED, SETTLED, UNOWNED } from "./task-state.ts";
import { wakeAll, type Listened, type Listener } from "./listeners.ts";
import { BUDGET, QUEUED } from "./scheduler.ts";
import { cx, type Kernel, type TaskId } from "./kernel.ts";
import { captureFor } from "./trail.ts";

export type { LocalBinding, TaskId };

/** Passed to every task body; also `currentTask()`. */
export interface TaskContext {
  /** Names the task while the process lives. */
  readonly id: TaskId;
  /** What `SpawnOptions.name` said. */
  readonly name: string | undefined;
  /** Aborts when the task is cancelled: hand it to `fetch` and other foreign APIs. */
  readonly signal: AbortSignal;
  /** Whether it was told to stop. */
  readonly isCancelled: boolean;
}

/** Who is told when a task settles: a scope, a set. It then answers for the task's failure. */
export interface TaskOwner {
  taskSettled(task: Task<unknown>): void;
}

export type TaskBody<T> = Body<T, [TaskContext]> | Future<T>;

/** A call that a task runs as its own body: one branch instead of two (the skynet row of the bench). */
interface PlainCall<T> {
  callHere(): Routine<T> | Awaitable<T>;
}

let lastId = 0;

export class Task<T> extends Branch<T> implements TaskContext, Listened {
  declare readonly id: TaskId;
  declare owner: TaskOwner | null;
  /** Links in the runtime's list of live tasks (`live-tasks.ts`). */
  declare nextLive: Task<unknown> | null;
  /** Before it is listed: what it runs inside of. */
  declare private prevLive: Branch<unknown> | null;
  /** The latest of those who wait for its end. */
  declare listeners: Listener | null;

  constructor(kernel: Kernel, body: TaskBody<T>) {
    super(kernel, body, null);
    this.id = ++lastId as TaskId;
    this.owner = null;
    this.nextLive = null;
    this.prevLive = null;
    this.listeners = null;
  }

  /** Makes it one of the runtime's tasks, with the context of whoever spawns it. */
  register(name: string | undefined): void {
    const { kernel } = this;
    if (name !== undefined) this.extra().name = name;
    if (kernel.asyncContext) this.context = captureFor(this as Branch<unknown>);
    kernel.alive++;
    kernel.spawned++;
  }

  /** Tells the recorder; `site` is the line that spawned it. */
  announce(recorder: Hooks, site: string | undefined): void {
    this.extra().spawnedAt = site;
    recorder.taskSpawned?.(this as Task<unknown>);
  }

  get taskId(): number {
    return this.id;
  }
  get parent(): null {
    return null;
  }
  get waker(): this {
    return this;
  }
  get name(): string | undefined {
    return this.extras?.name;
  }
  list(): void {
    if (this.flags & LISTED) return;
    this.flags |= LISTED;
    const { kernel } = this;
    const first = kernel.firstLive;
    this.prevLive = null;
    this.nextLive = first;
    if (first !== null) first.prevLive = this as Task<unknown>;
    kernel.firstLive = this as Task<unknown>;
  }
  private unlist(): void {
    const { prevLive, nextLive } = this;
    if (prevLive === null) this.kernel.firstLive = nextLive;
    else (prevLive as Task<unknown>).nextLive = nextLive;
    if (nextLive !== null) nextLive.prevLive = prevLive;
    this.nextLive = null;
  }

  get isSettled(): boolean {
    return (this.flags & SETTLED) !== 0;
  }
  /** Nobody will join: a failure is reported at once. */
  get isDetached(): boolean {
    return (this.flags & UNOWNED) !== 0;
  }
  /** Somebody has taken the outcome, or answers for it. */
  get isObserved(): boolean {
    return (this.flags & OBSERVED) !== 0;
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
    const { name } = this;
    return name === undefined ? `task #${this.id}` : `task #${this.id} '${name}'`;
  }

  protected get body(): unknown {
    const body = this.work;
    return body instanceof Future ? (body.callOf ?? body) : body;
  }
  protected invoke(): Routine<T> | Awaitable<T> {
    const body = this.work as TaskBody<T>;
    if (!(body instanceof Future)) {
      this.work = null;
      return body(this);
    }
    if (body.callOf === undefined) return body;
    this.work = null;
    return (body as unknown as PlainCall<T>).callHere();
  }

  override wake(): void {
    if (this.isSettled) return;
    hooks.current?.taskWoken?.(this as Task<unknown>);
    this.kernel.scheduler.push(this);
  }

  override run(): void {
    const { context } = this;
    if (context === undefined) this.step();
    else context.runInAsyncScope(step, undefined, this as Task<unknown>);
  }

  private step(): void {
    const { branch, waker, budget, isMarked } = cx;
    if ((this.flags & LISTED) === 0) this.prevLive = branch;
    else if (branch !== null) listRunning(branch);
    cx.branch = this as Branch<unknown>;
    cx.waker = this;
    cx.budget = BUDGET;
    cx.isMarked = false;
    hooks.current?.pollStarted?.(this as Task<unknown>);
    const isDue = (this.flags & (DONE | RUNNING)) === 0 && this.proceed();
    hooks.current?.pollEnded?.(this as Task<unknown>);
    cx.branch = branch;
    cx.waker = waker;
    cx.budget = budget;
    cx.isMarked = isMarked;
    const { extras } = this;
    if (extras !== null) extras.budget = BUDGET;
    if (isDue) this.wake();
    if (this.flags & DONE && (extras === null || extras.cleanups === 0)) this.ended();
    else this.list();
  }

  abort(reason?: unknown): void {
    if (this.isDone || this.isCancelled) return;
    this.requestCancel(new CancelledError(`${this.describe()} was cancelled`, reason));
    this.extras?.controller?.abort(this.cancelError);
    hooks.current?.taskCancelled?.(this as Task<unknown>);
    if (this.isStarted) return this.wake();
    // Never started: it runs nothing.
    this.kernel.scheduler.unlink(this);
    const body = this.work;
    this.work = null;
    if (body instanceof Future) abandon(body);
    this.proceed();
    this.ended();
  }

  /** Nobody will join: a failure is reported at once, also one that has already happened. */
  detachHandle(): void {
    this.flags |= UNOWNED;
    if (this.failure !== null) report(this.failure);
  }

  protected ended(): void {
    const { flags, kernel } = this;
    if (flags & SETTLED) return;
    this.flags = flags | SETTLED;
    if (flags & QUEUED) kernel.scheduler.unlink(this);
    if (flags & LISTED) this.unlist();
    this.prevLive = null;
    this.context = undefined;
    kernel.taskGone();
    hooks.current?.taskEnded?.(this as Task<unknown>);
    if ((flags & (FAILED | OBSERVED)) === FAILED && !(this.work instanceof CancelledError))
      noteFailure(this as Task<unknown>);
    if (this.listeners !== null) wakeAll(this);
    this.extras?.onEnd?.();
    const { owner } = this;
    if (owner === null) return;
    this.owner = null;
    owner.taskSettled(this as Task<unknown>);
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

  // ── joining

  /** The value, or throws the error: whoever asks has observed it. */
  take(): T {
    this.observe();
    if (this.isFailed) throw this.result;
    return this.result as T;
  }

  observe(): void {
    this.flags |= OBSERVED;
    if (this.failure !== null) forget(this as Task<unknown>);
  }
}

function step(task: Task<unknown>): void {
  task["step"]();
}

/** Lists the tasks that `innermost` runs inside of. */
export function listRunning(innermost: Branch<unknown> | null): void {
  for (let branch = innermost; branch !== null;) {
    while (branch.parent !== null) branch = branch.parent;
    if (!(branch instanceof Task) || branch.flags & LISTED) return;
    const outer: Branch<unknown> | null = branch["prevLive"];
    branch.list();
    branch = outer;
  }
}
