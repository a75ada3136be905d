/** One at a time. */
import { marksHeld } from "../runtime/held.ts";
import { requireBody } from "../runtime/argument.ts";
import { pin } from "../internal/pin.ts";
import { ClosedError } from "../errors.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { Acquire } from "../runtime/acquire.ts";
import { type Body, PENDING, SUSPENDED, type Poll, type Suspend } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import {
  label,
  made,
  type Attributes,
  type Named,
  type Resource,
  type ResourceKind,
} from "../runtime/resource.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import { Handle, type HandleKind, Handles, Remains } from "./handle.ts";
import { WithGuard } from "./with-guard.ts";

/** The lock held. Releasing and disposing are idempotent; any other use after that throws `ClosedError`. */
export interface MutexGuard<T> extends Disposable {
  /** What the mutex guards. */
  value: T;
  /** Gives the lock back. */
  release(): void;
}

/** What a mutex and its guards share: the value, and the one permit there is. */
class Guarded<T> implements Resource {
  declare readonly turn: WaitQueue;
  /** The guard that is held. */
  declare readonly handles: Handles;
  declare value: T;
  constructor(value: T, options?: Named) {
    this.turn = new WaitQueue(1);
    this.handles = new Handles();
    this.value = value;
    made(this, options);
  }
  get resourceKind(): ResourceKind {
    return "mutex";
  }
  attributes(): Attributes {
    return { locked: this.turn.available === 0, waiting: this.turn.waiting };
  }
}

const GUARD: HandleKind<Guarded<unknown>> = {
  what: "the guard of a mutex",
  release: ({ turn }) => turn.give(1),
};

class Guard<T> extends Handle implements MutexGuard<T> {
  /** Null once released. */
  declare private guarded: Guarded<T> | null;
  constructor(guarded: Guarded<T>) {
    super();
    this.guarded = guarded;
    guarded.handles.opened(this, !guarded.turn.isEmpty);
  }
  makeRemains(): Remains {
    return new Remains(GUARD, this.guarded!);
  }
  get value(): T {
    if (this.guarded === null) throw released("value");
    return this.guarded.value;
  }
  set value(value: T) {
    if (this.guarded === null) throw released("value");
    this.guarded.value = value;
  }
  release(): void {
    const { guarded } = this;
    if (guarded === null) return;
    this.guarded = null;
    guarded.handles.closed(this);
    guarded.turn.give(1);
  }
  [Symbol.dispose](): void {
    this.release();
  }
}
marksHeld(Guard);

class Lock<T> extends Acquire<MutexGuard<T>> {
  declare private readonly guarded: Guarded<T>;
  constructor(guarded: Guarded<T>) {
    super();
    this.guarded = guarded;
  }
  protected get queue(): WaitQueue {
    return this.guarded.turn;
  }
  override futureNow(): Poll<MutexGuard<T>> {
    return this.takesAtOnce(this.guarded.turn, 1) ? new Guard(this.guarded) : PENDING;
  }
  override get wouldWait(): boolean {
    return this.findsNothing(this.guarded.turn, 1);
  }
  override next(): IteratorResult<Suspend, MutexGuard<T>> {
    const { turn } = this.guarded;
    if (this.takesNow(turn, 1)) return { done: true, value: new Guard(this.guarded) };
    return this.waits(turn, 1) ? SUSPENDED : super.next();
  }
  protected override entered(): void {
    this.guarded.handles.awaited();
  }
  protected granted(): MutexGuard<T> {
    return new Guard(this.guarded);
  }
  protected closed(): never {
    throw new ClosedError("a mutex is never closed");
  }
  override giveBack(guard: MutexGuard<T>): void {
    guard.release();
  }
  override describeWait(): string {
    return `lock on ${label(this.guarded, "a mutex")}`;
  }
  override get waitedResource(): Resource {
    return this.guarded;
  }
}

/**
 * Guards a value: one holder at a time, in strict FIFO order. There is no poisoning: a holder that fails
 * releases, and the value is as it left it.
 *
 * Which lock should I use? Most code needs none: what runs between two waits is never interrupted. A
 * `Mutex` is for what must stay whole across waits; `RwLock` when many only look; `Semaphore` to bound
 * how many do something at once. It is not re-entrant: locking it again while holding it waits for ever.
 *
 * **Cancel safety.** A queued `lock` that is abandoned passes its turn on; those behind it keep their order.
 *
 * @example
 * ```ts
 * import { joinAll, Mutex, sleep } from "millrace";
 *
 * const balance = new Mutex(100);
 * await joinAll([30, 50].map((amount) =>
 *   balance.with(async (guard) => {
 *     const before = guard.value;
 *     await sleep(1);
 *     guard.value = before - amount;
 *   }),
 * ));
 * using guard = await balance.lock();
 * console.log(guard.value); // 20
 * ```
 */
export class Mutex<T = undefined> {
  declare private readonly guarded: Guarded<T>;

  /** `value` is what it guards; without one it only excludes. */
  constructor(value?: T, options?: Named) {
    // Without a value T is undefined.
    this.guarded = new Guarded(value as T, options);
  }

  /**
   * Waits for the lock. `using` releases it at the end of the block.
   *
   * **Cancel safety.** Abandoned, it loses its place and leaves the lock to the next one.
   */
  lock(): Future<MutexGuard<T>> {
    return new Lock(this.guarded);
  }

  /** The lock, if it is free and nobody waits for it. */
  tryLock(): MutexGuard<T> | undefined {
    if (this.guarded.turn.tryTake(1)) return new Guard(this.guarded);
    this.guarded.handles.awaited();
    return undefined;
  }

  /**
   * Locks, runs, unlocks, whatever happens.
   *
   * **Cancel safety.** Abandoned, it unlocks once the body has unwound, its cleanup included.
   */
  with<R>(body: Body<R, [MutexGuard<T>]>): Future<R> {
    requireBody("Mutex.with", body);
    return new WithGuard(this.lock(), body, (guard): [MutexGuard<T>] => [guard]);
  }

  /** Whether it is held, or assigned to a waiter that has not resumed yet. */
  get isLocked(): boolean {
    const isLocked = this.guarded.turn.available === 0;
    if (isLocked) this.guarded.handles.awaited();
    return isLocked;
  }
}

threadBound(Mutex, "a Mutex");

function released(what: string): ClosedError {
  return new ClosedError(`MutexGuard.${what} of a guard that was already released`);
}

const sample = new Mutex();
pin(sample);
pin(sample.lock());
pin(sample.tryLock()!);
