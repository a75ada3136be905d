/** A `JoinSet` with keys. */
import { releaseHeld } from "./held.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { UNOWNED } from "./task-state.ts";
import { outcomeOf } from "./outcome.ts";
import { PENDING, type Body, type Outcome, type Poll, type Waker } from "./body.ts";
import { Future } from "./future.ts";
import { abortHandleOf, type AbortHandle } from "./join-handle.ts";
import { Settlement } from "./task-join.ts";
import { asIs, Drain, Finished, JoinNext, letGo } from "./join-set.ts";
import type { SpawnOptions } from "./spawn.ts";
import { TaskGroup } from "./task-group.ts";
import type { Task, TaskContext } from "./task.ts";

/** How a task of a `JoinMap` ended, and its key. */
export type KeyedOutcome<K, T> = Outcome<T> & { readonly key: K };

/**
 * A `JoinSet` with keys: spawning on a live key aborts and replaces the old task, whose result never
 * appears, not even if it had already finished.
 *
 * @example
 * ```ts
 * import { JoinMap, sleep } from "millrace";
 *
 * using jobs = new JoinMap<string, number>();
 * jobs.spawn("a", async () => { await sleep(5); return 1; });
 * console.log(await jobs.joinNext()); // { status: "fulfilled", value: 1, key: "a" }
 * ```
 */
export class JoinMap<K, T> implements AsyncDisposable, Disposable {
  readonly #tasks: Map<K, Task<unknown>> = new Map();
  readonly #keys: Map<Task<unknown>, K> = new Map();
  readonly #finished: Finished = new Finished(false);
  readonly #group: TaskGroup = new TaskGroup((task) => {
    if (this.#keys.has(task)) this.#finished.settled(task);
  });

  /** Starts a task under `key`. One that runs under the same key is aborted, and is not joined any more. */
  spawn(key: K, body: Body<T, [TaskContext]> | Future<T>, options?: SpawnOptions): AbortHandle {
    const task = this.#group.spawn(body, options, (each) => {
      const old = this.#tasks.get(key);
      this.#tasks.set(key, each);
      this.#keys.set(each, key);
      this.#finished.add(each);
      if (old !== undefined) this.#replace(old);
    });
    return abortHandleOf(task as Task<unknown>);
  }

  /**
   * The next outcome with its key, `undefined` when the map is empty.
   *
   * **Cancel safety.** Abandoning it takes nothing out of the map.
   */
  joinNext(): Future<KeyedOutcome<K, T> | undefined> {
    return new KeyedNext(this.#finished, (task) => this.#take(task));
  }

  /** Aborts the task of `key`; false when there is none. Its result is still joined, as cancelled. */
  abort(key: K): boolean {
    const task = this.#tasks.get(key);
    task?.abort();
    return task !== undefined;
  }
  /** Whether a task of this key was not joined yet. */
  has(key: K): boolean {
    return this.#tasks.has(key);
  }
  /** The keys of the tasks that were not joined yet. */
  keys(): IterableIterator<K> {
    return this.#tasks.keys();
  }
  /** Aborts all; they are still joined, as cancelled. */
  abortAll(reason?: unknown): void {
    this.#group.abortAll(reason);
  }

  /** Aborts all and waits for their cleanup; failures are ignored. */
  shutdown(): Future<void> {
    const taken = (task: Task<unknown>): void => void this.#take(task);
    return new Drain<T>(this.#finished, () => this.abortAll(), null, taken).map((values) => {
      releaseHeld(values);
      this.#clear();
    });
  }

  /** Tasks that were not joined yet. */
  get size(): number {
    return this.#finished.size;
  }

  /** Aborts all and empties the map, without waiting. */
  [Symbol.dispose](): void {
    this.abortAll();
    this.#clear();
  }
  /** Aborts all, waits for their cleanup and empties the map. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.abortAll();
    for (const task of this.#group.live) await new Settlement(task);
    this.#clear();
  }

  /** The old task of a key: it ends unseen, but a failure of it is not silent. */
  #replace(old: Task<unknown>): void {
    this.#keys.delete(old);
    this.#finished.disown(old);
    if (old.isSettled) letGo(old);
    else {
      old.flags |= UNOWNED;
      old.abort();
    }
  }

  /** `undefined` for a task that was replaced after it had finished. */
  #take(task: Task<unknown>): KeyedOutcome<K, T> | undefined {
    if (!this.#keys.has(task)) return undefined;
    const key = this.#keys.get(task) as K;
    this.#keys.delete(task);
    this.#tasks.delete(key);
    return { ...outcomeOf(task as Task<T>), key };
  }

  #clear(): void {
    this.#group.detachAll();
    for (const task of this.#finished.clear()) letGo(task);
    this.#tasks.clear();
    this.#keys.clear();
  }
}

threadBound(JoinMap, "a JoinMap");

/** Skips tasks that were replaced. */
class KeyedNext<R> extends Future<R | undefined> {
  readonly #finished: Finished;
  readonly #take: (task: Task<unknown>) => R | undefined;
  #next: JoinNext<Task<unknown>>;

  constructor(finished: Finished, take: (task: Task<unknown>) => R | undefined) {
    super();
    this.#finished = finished;
    this.#take = take;
    this.#next = new JoinNext(finished, asIs);
  }
  poll(waker: Waker): Poll<R | undefined> {
    for (;;) {
      const task = this.#next.poll(waker);
      if (task === PENDING) return PENDING;
      const result = task === undefined ? undefined : this.#take(task);
      if (task === undefined || result !== undefined) return result;
      this.#next = new JoinNext(this.#finished, asIs);
    }
  }
  override drop(): void {
    this.#next.drop();
  }
  override describeWait(): string {
    return this.#next.describeWait();
  }
}
