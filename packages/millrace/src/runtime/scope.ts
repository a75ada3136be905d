/**
 * Structured concurrency: a block that owns the tasks spawned in it.
 *
 *   OPEN ──body ended, no task left──────────────────► returns the body's value
 *     │ first failure (child, body, timeout, cancel)
 *     ▼
 *   CLOSING: body abandoned, children aborted ──all ended──► throws that failure
 *
 * Whether it ends by itself or is dropped, it is over only when everything in it is.
 */
import { mayHold, releaseHeld } from "./held.ts";
import { CancelledError, ClosedError, TimeoutError } from "../errors.ts";
import { PENDING, type Awaitable, type Body, type Poll, type Routine, type Waker } from "./body.ts";
import { Call } from "./call.ts";
import { dropBecause } from "./cancellation.ts";
import { holdCleanup } from "./cleanup.ts";
import { Timer } from "./clock.ts";
import { checkCount, checkName, optionsOf, requireBody } from "./argument.ts";
import { toMs, type Duration } from "./duration.ts";
import { noteFailure, reportFailure } from "./failure.ts";
import { abandon, Future } from "./future.ts";
import { JoinHandle } from "./join-handle.ts";
import type { Kernel } from "./kernel.ts";
import { ambientBranch, ambientKernel } from "./trail.ts";
import type { SpawnOptions } from "./spawn.ts";
import { TaskGroup } from "./task-group.ts";
import type { Task, TaskBody, TaskContext } from "./task.ts";
import { counted } from "./counted.ts";
import { wakeSafely } from "./listeners.ts";

/** What a scope does about failures, numbers and time. */
export interface ScopeOptions {
  /** For reports. */
  name?: string;
  /** A child's failure stays its own: it reaches whoever joins it, or is reported. */
  supervise?: boolean;
  /** How many children run at once; further ones are held until another ends. */
  limit?: number;
  /** Everything in the scope is cancelled, and `TimeoutError` thrown, when it takes longer (ms). */
  timeout?: Duration;
}

/** What the body of a scope is given. */
export interface TaskScope {
  /**
   * Starts a child.
   *
   * @throws ClosedError when the scope has ended.
   */
  spawn<T>(body: (cx: TaskContext) => Routine<T>, options?: SpawnOptions): JoinHandle<T>;
  /** The same with an async function, a plain one or a future. */
  spawn<T>(body: ((cx: TaskContext) => Awaitable<T>) | Future<T>, options?: SpawnOptions): JoinHandle<T>;
  /** Cancels the body and every child. */
  cancel(reason?: unknown): void;
  /** Children that have not ended. */
  readonly size: number;
}

/**
 * Returns only when every task spawned in it has ended, cleanup included. The first failing child (or
 * the body) cancels the rest, and that failure is thrown; further failures are attached to it as an
 * array property `suppressed`. An aborted child is no failure.
 *
 * **Cancel safety.** Abandoning it cancels the body and every child; the task waits for their cleanup.
 *
 * @throws RangeError for a bad `limit` or `timeout`, TypeError for a `name` that is no string; inside it, spawning after the end throws `ClosedError`.
 *
 * @example
 * ```ts
 * import { scope, sleep } from "millrace";
 *
 * const sum = await scope(function* (s) {
 *   const a = s.spawn(function* () { yield* sleep(10); return 1; });
 *   const b = s.spawn(function* () { yield* sleep(10); return 2; });
 *   return (yield* a) + (yield* b);
 * });
 * console.log(sum); // 3
 * ```
 */
export function scope<T>(body: (scope: TaskScope) => Routine<T>, options?: ScopeOptions): Future<T>;
/** The same with an async or plain function. */
export function scope<T>(body: (scope: TaskScope) => Awaitable<T>, options?: ScopeOptions): Future<T>;
export function scope<T>(body: Body<T, [TaskScope]>, options: ScopeOptions = {}): Future<T> {
  requireBody("scope", body);
  const { limit = Infinity, timeout = Infinity } = optionsOf("scope", options);
  checkName("scope", options.name);
  if (limit !== Infinity) checkCount("scope", "limit", limit, 1);
  return new Scope(body, options, toMs("scope", timeout));
}

class ScopeTimer extends Timer {
  readonly #elapsed: () => void;
  constructor(elapsed: () => void) {
    super();
    this.#elapsed = elapsed;
  }
  fire(): void {
    this.#elapsed();
  }
}

class Scope<T> extends Future<T> {
  readonly #options: ScopeOptions;
  readonly #limitMs: number;
  readonly #body: Call<T, [TaskScope]>;
  #group: TaskGroup | null = null;
  #kernel: Kernel | null = null;
  #timer: Timer | null = null;
  #waker: Waker | null = null;
  #value: T | undefined = undefined;
  #failure: { readonly error: unknown; readonly suppressed: unknown[] } | null = null;
  /** The body gave its value or error, or was abandoned. */
  #isBodyOver: boolean = false;
  /** … and its cleanup is done. */
  #isBodyEnded: boolean = false;
  #isOver: boolean = false;
  /** Tells the branch around a dropped scope that everything has ended. */
  #release: (() => void) | null = null;

  constructor(body: Body<T, [TaskScope]>, options: ScopeOptions, limitMs: number) {
    super();
    this.#options = options;
    this.#limitMs = limitMs;
    const name = options.name ?? "scope";
    this.#body = new Call(body, [this.#handle()], {
      name,
      onEnd: () => this.#bodyEnded(),
      onFailure: (error) => this.#fail(error),
    });
  }

  poll(waker: Waker): Poll<T> {
    this.#waker = waker;
    if (this.#group === null) this.#open();
    // What the body was woken for reaches it first: the error of the child that it joins, for one.
    if (!this.#isBodyOver) this.#pollBody(waker);
    if (this.#failure !== null) this.#abandonBody();
    if (!this.#isBodyEnded || this.#group!.live.size > 0) return PENDING;
    this.#over();
    const failure = this.#failure;
    if (failure === null) return this.#value as T;
    releaseHeld(this.#value);
    this.#attach(failure);
    throw failure.error;
  }

  override drop(): void {
    if (this.#group === null || this.#isOver) {
      this.#isOver = true;
      abandon(this.#body);
      return;
    }
    this.#waker = null;
    const branch = ambientBranch();
    this.#release = holdCleanup(branch);
    const error = new CancelledError("the scope was abandoned", branch?.cancelError?.reason);
    this.#failure ??= { error, suppressed: [] };
    this.#abandonBody();
    this.#group.abortAll(this.#reason);
    this.#changed();
  }

  override giveBack(value: T): void {
    releaseHeld(value);
  }
  override get givesBack(): boolean {
    return mayHold(this.#value);
  }
  override describeWait(): string {
    return `a scope of ${counted(this.#group?.live.size ?? 0, "task")}`;
  }
  override *innerWaits(): Iterable<Future<unknown>> {
    if (!this.#isBodyOver) yield this.#body;
  }

  #open(): void {
    const kernel = ambientKernel();
    this.#kernel = kernel;
    this.#group = new TaskGroup((task) => this.#childEnded(task), this.#options.limit ?? Infinity, kernel);
    if (this.#limitMs === Infinity) return;
    const ms = this.#limitMs;
    this.#timer = new ScopeTimer(() => this.#fail(new TimeoutError(`the scope did not end within ${ms} ms`)));
    kernel.clock.schedule(this.#timer, kernel.clock.now() + ms);
  }

  #pollBody(waker: Waker): void {
    let value: Poll<T>;
    try {
      value = this.#body.poll(waker);
    } catch (error) {
      this.#isBodyOver = true;
      this.#fail(error);
      return;
    }
    if (value === PENDING) return;
    this.#isBodyOver = true;
    this.#value = value;
  }

  #abandonBody(): void {
    if (this.#isBodyOver) return;
    this.#isBodyOver = true;
    dropBecause(this.#reason, () => abandon(this.#body));
  }

  #bodyEnded(): void {
    this.#isBodyEnded = true;
    this.#changed();
  }

  #childEnded(task: Task<unknown>): void {
    if (task.isFailed && !(task.result instanceof CancelledError) && !task.isObserved) {
      if (this.#options.supervise === true) noteFailure(task);
      else task.observe();
    }
    if (this.#options.supervise !== true && task.isFailed) this.#childFailed(task.result);
    this.#changed();
  }

  /** An aborted child is no failure. */
  #childFailed(error: unknown): void {
    if (!(error instanceof CancelledError)) this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#failure === null) {
      this.#failure = { error, suppressed: [] };
      this.#group?.abortAll(this.#reason);
      if (this.#waker !== null) wakeSafely(this.#waker);
    } else if (error !== this.#failure.error && !(error instanceof CancelledError)) {
      this.#failure.suppressed.push(error);
    }
  }

  /** Something ended: perhaps everything has. */
  #changed(): void {
    if (this.#isOver || !this.#isBodyEnded || this.#group === null || this.#group.live.size > 0) return;
    if (this.#release === null) {
      if (this.#waker !== null) wakeSafely(this.#waker);
    } else {
      this.#over();
      releaseHeld(this.#value);
      this.#attach(this.#failure!);
      this.#release();
    }
  }

  /** What was given to `cancel`. */
  get #reason(): unknown {
    const error = this.#failure?.error;
    return error instanceof CancelledError ? error.reason : undefined;
  }

  #over(): void {
    this.#isOver = true;
    if (this.#timer !== null) this.#kernel!.clock.cancel(this.#timer);
  }

  #attach({ error, suppressed }: { readonly error: unknown; readonly suppressed: unknown[] }): void {
    if (suppressed.length === 0) return;
    if (this.#release === null && typeof error === "object" && error !== null && Object.isExtensible(error)) {
      // Those of a scope inside, or what a `using` block in it had to say.
      const { suppressed: earlier } = error as { readonly suppressed?: unknown };
      const all = earlier === undefined ? suppressed : [earlier, suppressed].flat();
      Object.assign(error, { suppressed: all });
      return;
    }
    // Nobody will see the failure they would be attached to.
    for (const each of suppressed) {
      reportFailure(this.#kernel!, {
        error: each,
        id: 0 as never,
        name: this.#options.name,
        spawnedAt: undefined,
      });
    }
  }

  #spawn<R>(body: TaskBody<R>, options?: SpawnOptions): JoinHandle<R> {
    if (this.#isOver || this.#group === null) {
      throw new ClosedError("spawn in a scope that has ended: a scope's tasks cannot outlive it");
    }
    const task = this.#group.spawn(body, options);
    if (this.#failure !== null) task.abort(this.#reason);
    return new JoinHandle(task);
  }

  #handle(): TaskScope {
    const size = (): number => this.#group?.live.size ?? 0;
    return {
      spawn: <R>(body: TaskBody<R>, options?: SpawnOptions): JoinHandle<R> => this.#spawn(body, options),
      cancel: (reason?: unknown) => {
        if (!this.#isOver) this.#fail(new CancelledError("the scope was cancelled", reason));
      },
      get size() {
        return size();
      },
    };
  }
}
