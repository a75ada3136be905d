/** The handle of a spawned task: a future of its outcome that may be awaited any number of times. */
import { asRoutine, PENDING, type Poll, type Suspend, type Waker } from "./body.ts";
import { Future, markReusable } from "./future.ts";
import { Kernel } from "./kernel.ts";
import { Task, type TaskId } from "./task.ts";
import { Join, Settlement } from "./task-join.ts";
import { pin } from "../internal/pin.ts";

/** Cancels one task; holds no claim on its result. */
export interface AbortHandle {
  /** Names the task while the process lives. */
  readonly id: TaskId;
  /** As `JoinHandle.abort`. */
  abort(reason?: unknown): void;
  /** True once the task has ended, its cleanup included. */
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

  /** @internal */
  constructor(task: Task<T>) {
    super();
    this.joined = task;
    markReusable(this);
  }

  /** Polls one join of the task; the driver's part. */
  poll(waker: Waker): Poll<T> {
    const join = (polled.get(this) as Join<T> | undefined) ?? new Join(this.joined);
    polled.set(this, join as Join<unknown>);
    const value = join.poll(waker);
    if (value !== PENDING) polled.delete(this);
    return value;
  }
  /** Gives up that join; the task runs on. */
  override drop(): void {
    polled.get(this)?.drop();
    polled.delete(this);
  }

  /** Names the task while the process lives. */
  get id(): TaskId {
    return this.joined.id;
  }
  /** What `SpawnOptions.name` said. */
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

  /** A handle that can only abort, for whoever is not to have the result. */
  abortHandle(): AbortHandle {
    return abortHandleOf(this.joined as Task<unknown>);
  }

  /** Declares that nobody will join. A later failure is reported at once. */
  detach(): void {
    this.joined.detachHandle();
  }

  /** For `yield*`, which gives the task's result. */
  override [Symbol.iterator](): Generator<Suspend, T, void> {
    return asRoutine(new Join(this.joined));
  }
  /** Aborts the task. */
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

  /** What `Object.prototype.toString` calls it. */
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

/** The joins of handles that are polled by hand. */
const polled: WeakMap<object, Join<unknown>> = new WeakMap();

const specimen = new Task(new Kernel(), () => {});
pin(new JoinHandle(specimen));
pin(new Join(specimen));
