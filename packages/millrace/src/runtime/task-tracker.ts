/** Counting tasks for a graceful shutdown. */
import { threadBound } from "../internal/thread-bound.ts";
import { requireFuture } from "./argument.ts";
import { PENDING, type Body, type Poll, type Waker } from "./body.ts";
import { abandon, claim, Future } from "./future.ts";
import { Operation } from "./operation.ts";
import { JoinHandle } from "./join-handle.ts";
import { ambientKernel } from "./trail.ts";
import { spawnOn, type SpawnOptions } from "./spawn.ts";
import type { Task, TaskContext } from "./task.ts";
import { WaitQueue, type Waiter } from "./wait-queue.ts";
import { counted } from "./counted.ts";

/**
 * Counts tasks and futures; `wait()` ends when it is closed and empty. It aborts nothing, and a task
 * that ends is forgotten at once, so it suits long-running servers.
 *
 * @example
 * ```ts
 * import { sleep, TaskTracker } from "millrace";
 *
 * const tracker = new TaskTracker();
 * for (let i = 0; i < 3; i++) tracker.spawn(async () => { await sleep(10); }).detach();
 * tracker.close();
 * await tracker.wait();
 * ```
 */
export class TaskTracker {
  readonly #waiters: WaitQueue = new WaitQueue(0);
  #size: number = 0;
  #isClosed: boolean = false;
  /** Grows whenever it is closed and empty: a wait started before needs nothing more. */
  #drains: number = 0;

  /**
   * Starts a task that is counted until it ends.
   *
   * @throws TypeError when `body` is neither a function nor a future.
   */
  spawn<T>(body: Body<T, [TaskContext]> | Future<T>, options?: SpawnOptions): JoinHandle<T> {
    const task: Task<T> = spawnOn(ambientKernel(), body, options, true);
    this.#size++;
    task.onEnd(() => this.#left());
    return new JoinHandle(task);
  }

  /**
   * Counted from this call until the future ends or is abandoned.
   *
   * @throws TypeError when `future` is none.
   */
  track<T>(future: Future<T>): Future<T> {
    const tracked = new Tracked(requireFuture("TaskTracker.track", future), () => this.#left());
    this.#size++;
    return tracked;
  }

  /** Whether anything changed. */
  close(): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    this.#check();
    return true;
  }
  /** Whether anything changed. */
  reopen(): boolean {
    const changed = this.#isClosed;
    this.#isClosed = false;
    return changed;
  }

  /**
   * Ends when the tracker is closed and empty, or was at any moment since this call.
   *
   * **Cancel safety.** Abandoning it has no effect.
   */
  wait(): Future<void> {
    const isDrained = this.#isClosed && this.#size === 0;
    return new Drained(
      this.#waiters,
      isDrained ? -1 : this.#drains,
      () => this.#drains,
      () => this.#size,
    );
  }

  /** Whether `close` was called last, rather than `reopen`. */
  get isClosed(): boolean {
    return this.#isClosed;
  }
  /** What is counted and has not ended. */
  get size(): number {
    return this.#size;
  }

  #left(): void {
    this.#size--;
    this.#check();
  }
  #check(): void {
    if (!this.#isClosed || this.#size > 0) return;
    this.#drains++;
    this.#waiters.grantAll();
  }
}

threadBound(TaskTracker, "a TaskTracker");

class Drained extends Operation<void> {
  readonly #queue: WaitQueue;
  readonly #since: number;
  readonly #drains: () => number;
  readonly #size: () => number;
  #waiter: Waiter | null = null;

  constructor(queue: WaitQueue, since: number, drains: () => number, size: () => number) {
    super();
    this.#queue = queue;
    this.#since = since;
    this.#drains = drains;
    this.#size = size;
  }
  poll(waker: Waker): Poll<void> {
    if (this.#drains() !== this.#since) return;
    if (this.#waiter === null) this.#waiter = this.#queue.enter(1, waker);
    else this.#waiter.waker = waker;
    return PENDING;
  }
  override drop(): void {
    if (this.#waiter !== null) this.#queue.abandon(this.#waiter);
  }
  override describeWait(): string {
    return `a tracker of ${counted(this.#size(), "task")} to drain`;
  }
}

class Tracked<T> extends Future<T> {
  readonly #future: Future<T>;
  /** Null once it has ended: it may be dropped by hand, and then disposed. */
  #left: (() => void) | null;
  constructor(future: Future<T>, left: () => void) {
    super();
    this.#future = claim(future);
    this.#left = left;
  }
  poll(waker: Waker): Poll<T> {
    let value: Poll<T>;
    try {
      value = this.#future.poll(waker);
    } catch (error) {
      this.#ended();
      throw error;
    }
    if (value !== PENDING) this.#ended();
    return value;
  }
  override drop(): void {
    abandon(this.#future);
    this.#ended();
  }
  override giveBack(value: T): void {
    this.#future.giveBack(value);
  }
  override get givesBack(): boolean {
    return this.#future.givesBack;
  }
  #ended(): void {
    const left = this.#left;
    this.#left = null;
    left?.();
  }
  override describeWait(): string {
    return this.#future.describeWait();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return [this.#future];
  }
}
