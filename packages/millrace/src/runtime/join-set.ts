/** A dynamic set of tasks whose results are collected as they come. */
import { releaseHeld } from "./held.ts";
import { UNOWNED } from "./task-state.ts";
import { outcomeOf } from "./outcome.ts";
import { CancelledError } from "../errors.ts";
import { Ring } from "../internal/ring.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { Acquire } from "./acquire.ts";
import { PENDING, type Body, type Outcome, type Poll, type Waker } from "./body.ts";
import { checkCount, optionsOf } from "./argument.ts";
import { noteFailure } from "./failure.ts";
import { Future } from "./future.ts";
import { abortHandleOf, type AbortHandle } from "./join-handle.ts";
import { Settlement } from "./task-join.ts";
import { iterate } from "./iterate.ts";
import type { SpawnOptions } from "./spawn.ts";
import { TaskGroup } from "./task-group.ts";
import type { Task, TaskContext, TaskId } from "./task.ts";
import { OrderedQueue } from "./ordered-queue.ts";
import type { WaitQueue } from "./wait-queue.ts";
import { counted } from "./counted.ts";

/** How a task of a `JoinSet` ended, and which it was. */
export type JoinedOutcome<T> = Outcome<T> & { readonly id: TaskId };

/**
 * Finished tasks waiting to be joined, in completion or spawn order. What is ready to be taken is
 * counted by a `WaitQueue`; the queue is closed while the set is empty, so that joining ends.
 */
export class Finished {
  readonly isSpawnOrder: boolean;
  readonly tasks: Ring<Task<unknown>> = new Ring();
  readonly ready: OrderedQueue = new OrderedQueue(0);
  size: number = 0;
  /** Grows when everything is forgotten: what was granted before is void. */
  generation: number = 0;
  /** Told of each failure as it happens, whatever the order of joining; made for the first of them. */
  watchers: Set<(task: Task<unknown>) => void> | null = null;
  #readyPrefix: number = 0;
  readonly #ghosts: Set<Task<unknown>> = new Set();

  constructor(isSpawnOrder: boolean) {
    this.isSpawnOrder = isSpawnOrder;
    this.ready.isClosed = true;
  }

  add(task: Task<unknown>): void {
    this.size++;
    this.ready.isClosed = false;
    if (this.isSpawnOrder) this.tasks.push(task);
  }

  settled(task: Task<unknown>): void {
    if (task.isFailed && this.watchers !== null) for (const watcher of this.watchers) watcher(task);
    if (!this.isSpawnOrder) {
      this.tasks.push(task);
      this.ready.give(1);
      return;
    }
    while (this.#readyPrefix < this.tasks.length && this.tasks.get(this.#readyPrefix)!.isSettled) {
      this.#readyPrefix++;
      this.ready.give(1);
    }
  }

  /** Takes a finished task: the one that was taken from `ready` just now. */
  shift(): Task<unknown> {
    const task = this.tasks.takeAt(this.ready.rank)!;
    if (this.isSpawnOrder) this.#readyPrefix--;
    if (!this.#ghosts.delete(task)) this.#shrink(1);
    return task;
  }

  /** The task no longer counts. If it has finished it stays in line as a ghost: its turn may already be somebody's. */
  disown(task: Task<unknown>): void {
    if (task.isSettled) this.#ghosts.add(task);
    this.#shrink(1);
  }

  /** Forgets everything. */
  clear(): Task<unknown>[] {
    const tasks = [...this.tasks];
    this.tasks.clear();
    this.#readyPrefix = 0;
    this.#ghosts.clear();
    this.ready.clear();
    this.generation++;
    this.#shrink(this.size);
    return tasks;
  }

  #shrink(count: number): void {
    this.size -= count;
    if (this.size === 0) this.ready.close();
  }
}

/** The next finished task, as `wrap` shows it; `undefined` once the set is empty. */
export class JoinNext<R> extends Acquire<R | undefined> {
  readonly #finished: Finished;
  readonly #wrap: (task: Task<unknown>) => R;
  /** The set's when it was first polled. */
  #generation: number = -1;

  constructor(finished: Finished, wrap: (task: Task<unknown>) => R) {
    super();
    this.#finished = finished;
    this.#wrap = wrap;
  }
  protected get queue(): WaitQueue {
    return this.#finished.ready;
  }
  override poll(waker: Waker): Poll<R | undefined> {
    if (this.#generation < 0) this.#generation = this.#finished.generation;
    return this.#isVoid ? undefined : super.poll(waker);
  }
  override drop(): void {
    if (!this.#isVoid) super.drop();
  }
  /** The set was emptied meanwhile: what this one was granted is no longer there. */
  get #isVoid(): boolean {
    return this.#generation >= 0 && this.#generation !== this.#finished.generation;
  }
  protected override get survivesClose(): boolean {
    return true;
  }
  protected granted(): R {
    return this.#wrap(this.#finished.shift());
  }
  protected closed(): undefined {
    return undefined;
  }
  override describeWait(): string {
    return `the next result of a set of ${counted(this.#finished.size, "task")}`;
  }
}

/**
 * Joins until the set is empty; with `onFailure` the first failure is handed to it, and thrown at the end.
 * `taken` is told of each task.
 */
export class Drain<T> extends Future<T[]> {
  readonly #finished: Finished;
  readonly #start: (() => void) | null;
  readonly #onFailure: (() => void) | null;
  readonly #taken: ((task: Task<unknown>) => void) | null;
  #values: T[] = [];
  #failure: { readonly error: unknown } | null = null;
  #next: JoinNext<Task<unknown>> | null = null;
  #isStarted: boolean = false;
  readonly #failed = (task: Task<unknown>): void => {
    if (this.#failure !== null) return;
    this.#failure = { error: task.result };
    this.#onFailure!();
  };

  constructor(
    finished: Finished,
    start: (() => void) | null,
    onFailure: (() => void) | null,
    taken: ((task: Task<unknown>) => void) | null = null,
  ) {
    super();
    this.#finished = finished;
    this.#start = start;
    this.#onFailure = onFailure;
    this.#taken = taken;
  }

  poll(waker: Waker): Poll<T[]> {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#start?.();
      if (this.#onFailure !== null) this.#watchFailures();
    }
    for (;;) {
      this.#next ??= new JoinNext(this.#finished, asIs);
      const task = this.#next.poll(waker);
      if (task === PENDING) return PENDING;
      this.#next = null;
      if (task === undefined) break;
      task.observe();
      this.#taken?.(task);
      if (!task.isFailed) this.#values.push(task.result as T);
    }
    this.#finished.watchers?.delete(this.#failed);
    const values = this.#values;
    this.#values = [];
    if (this.#failure === null) return values;
    releaseHeld(values);
    throw this.#failure.error;
  }

  /** A failure ends the rest when it happens, not when its turn comes. */
  #watchFailures(): void {
    (this.#finished.watchers ??= new Set()).add(this.#failed);
    for (const task of this.#finished.tasks) {
      if (task.isSettled && task.isFailed) return this.#failed(task);
    }
  }

  override drop(): void {
    this.#finished.watchers?.delete(this.#failed);
    this.#next?.drop();
    releaseHeld(this.#values);
  }
  override giveBack(values: T[]): void {
    releaseHeld(values);
  }
  override describeWait(): string {
    return `the end of a set of ${counted(this.#finished.size, "task")}`;
  }
}

export const asIs = (task: Task<unknown>): Task<unknown> => task;

/**
 * A bag of tasks joined in completion order (`order: "spawn"` for spawn order). It never outlives its
 * owner: disposing it aborts what still runs. Joining observes failures; one that is still in the set
 * when it is disposed is reported.
 *
 * @example
 * ```ts
 * import { JoinSet, sleep } from "millrace";
 *
 * await using set = new JoinSet<number>();
 * for (const ms of [30, 10, 20]) set.spawn(async () => { await sleep(ms); return ms; });
 * for await (const outcome of set) console.log(outcome); // 10, 20, 30
 * ```
 */
export class JoinSet<T> implements AsyncIterable<Outcome<T>>, AsyncDisposable, Disposable {
  readonly #finished: Finished;
  readonly #group: TaskGroup;

  /**
   * `order` is that of what is joined (default: as the tasks end), `limit` how many run at once (default: all).
   *
   * @throws RangeError when `limit` is not a positive integer.
   */
  constructor(options: { order?: "completion" | "spawn"; limit?: number } = {}) {
    const { order = "completion", limit = Infinity } = optionsOf("JoinSet", options);
    if (order !== "completion" && order !== "spawn") {
      throw new RangeError(`JoinSet expects order to be "completion" or "spawn", got ${String(order)}`);
    }
    if (limit !== Infinity) checkCount("JoinSet", "limit", limit, 1);
    this.#finished = new Finished(order === "spawn");
    this.#group = new TaskGroup((task) => this.#finished.settled(task), limit);
  }

  /** With `limit` reached the task is held and starts when another ends. */
  spawn(body: Body<T, [TaskContext]> | Future<T>, options?: SpawnOptions): AbortHandle {
    const task = this.#group.spawn(body, options, (each) => this.#finished.add(each));
    return abortHandleOf(task as Task<unknown>);
  }

  /**
   * The next outcome, `undefined` when the set is empty.
   *
   * **Cancel safety.** Abandoning it takes nothing out of the set.
   */
  joinNext(): Future<JoinedOutcome<T> | undefined> {
    return new JoinNext(this.#finished, joined<T>);
  }

  /** The next outcome if there is one already. */
  tryJoinNext(): JoinedOutcome<T> | undefined {
    return this.#finished.ready.tryTake(1) ? joined(this.#finished.shift()) : undefined;
  }

  /**
   * All values, in the set's order; on the first failure (a cancelled task is one) aborts the rest,
   * waits for them and throws it.
   *
   * **Cancel safety.** Values joined before it was abandoned are lost, as are all when it fails: guards and
   * permits in them are released. The tasks stay in the set.
   */
  joinAll(): Future<T[]> {
    return new Drain<T>(this.#finished, null, () => this.abortAll());
  }

  /** Aborts all; they are still joined, as cancelled. */
  abortAll(reason?: unknown): void {
    this.#group.abortAll(reason);
  }

  /** Aborts all and waits for their cleanup; failures are ignored. */
  shutdown(): Future<void> {
    return new Drain<T>(this.#finished, () => this.abortAll(), null).map((values) => releaseHeld(values));
  }

  /** Empties the set; its tasks run on, and a failure of theirs is reported. */
  detachAll(): void {
    this.#group.detachAll();
    for (const task of this.#finished.clear()) letGo(task);
  }

  /** Tasks that were not joined yet. */
  get size(): number {
    return this.#finished.size;
  }

  /** The outcomes one by one, until the set is empty. Leaving the loop leaves the rest in the set. */
  [Symbol.asyncIterator](): AsyncIterator<JoinedOutcome<T>> {
    return iterate(() => this.joinNext());
  }

  /** Aborts all and empties the set, without waiting. */
  [Symbol.dispose](): void {
    this.abortAll();
    this.detachAll();
  }
  /** Aborts all, waits for their cleanup and empties the set. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.abortAll();
    for (const task of this.#group.live) await new Settlement(task);
    this.detachAll();
  }
}

threadBound(JoinSet, "a JoinSet");

function joined<T>(task: Task<unknown>): JoinedOutcome<T> {
  return { ...outcomeOf(task as Task<T>), id: task.id };
}

/** Nobody will join the task any more: a failure that it already has is reported, what it holds given back. */
export function letGo(task: Task<unknown>): void {
  if (task.isSettled && !task.isFailed) releaseHeld(task.result);
  if (!task.isSettled || task.isObserved || !task.isFailed || task.result instanceof CancelledError) return;
  task.flags |= UNOWNED;
  noteFailure(task);
}
