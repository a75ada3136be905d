/** Waking tasks, without a value. */
import { pin } from "../internal/pin.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { cx } from "../runtime/kernel.ts";
import { Future } from "../runtime/future.ts";
import { iteratesItself } from "../runtime/operation.ts";
import {
  label,
  made,
  type Attributes,
  type Named,
  type Resource,
  type ResourceKind,
} from "../runtime/resource.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";

/** What the futures of one `Notify` share. */
class State implements Resource {
  /** What is available in it is the stored permit: at most one. */
  readonly queue: WaitQueue = new WaitQueue(0);
  /** Calls of `notifyWaiters`: a future made before one is completed by it. */
  broadcasts: number = 0;

  constructor(options: Named | undefined) {
    made(this, options);
  }
  get resourceKind(): ResourceKind {
    return "notify";
  }
  attributes(): Attributes {
    return { stored: this.queue.available > 0, waiting: this.queue.waiting };
  }
  keepOne(): void {
    if (this.queue.available > 1) this.queue.available = 1;
  }
}

const NOBODY: Waker = { wake: () => {} };

/** Made by `Notify.notified()`. */
export class Notified extends Future<void> {
  readonly #state: State;
  readonly #since: number;
  #waiter: Waiter | null;
  #isDone: boolean;

  /** @internal */
  constructor(state: State) {
    super();
    this.#waiter = null;
    this.#isDone = false;
    this.#state = state;
    this.#since = state.broadcasts;
  }

  /** Polls it; the driver's part. */
  poll(waker: Waker): Poll<void> {
    if (!mayProceed(waker)) return PENDING;
    if (!this.#join(waker)) return PENDING;
    cx.budget--;
    return undefined;
  }

  /**
   * Joins the queue now; true if already notified. The notification is then taken: abandoning the future
   * passes nothing on any more.
   */
  enable(): boolean {
    return this.#join(null);
  }

  /** Leaves the queue, and passes on a notification that it was given. */
  override drop(): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    this.#isDone = true;
    if (waiter === null) return;
    this.#state.queue.abandon(waiter);
    this.#state.keepOne();
  }

  /** True once notified; else in the queue. */
  #join(waker: Waker | null): boolean {
    if (this.#isDone) return true;
    const { queue, broadcasts } = this.#state;
    const waiter = this.#waiter;
    if (waiter === null) {
      if (broadcasts === this.#since && !queue.tryTake(1)) {
        this.#waiter = queue.enter(1, waker ?? NOBODY);
        return false;
      }
    } else if (waiter.isWaiting) {
      if (waker !== null) waiter.waker = waker;
      return false;
    } else queue.take(waiter);
    this.#waiter = null;
    this.#isDone = true;
    return true;
  }

  /** @internal */
  override get mayGoUnused(): boolean {
    return true;
  }
  /** @internal */
  override describeWait(): string {
    return `a notification of ${label(this.#state, "a notify")}`;
  }
  /** @internal */
  override get waitedResource(): Resource {
    return this.#state;
  }
}

iteratesItself(Notified);

/**
 * Wakes tasks, without a value; at most one notification is remembered. To hand over a value use a
 * channel; to show the latest state to many, `watch`.
 *
 * **Cancel safety.** A waiter that was notified by `notifyOne` or `notifyLast` and is then abandoned
 * passes the notification on.
 *
 * @example
 * ```ts
 * import { Notify, spawn } from "millrace";
 *
 * const changed = new Notify();
 * const waiter = spawn(async () => { await changed.notified(); return "saw it"; });
 * changed.notifyOne();
 * console.log(await waiter);
 * ```
 */
export class Notify {
  readonly #state: State;

  /** Nothing is stored at first. */
  constructor(options?: Named) {
    this.#state = new State(options);
  }

  /** Takes the stored permit or waits. Made before `notifyWaiters()`, it is completed by it even if not yet polled. */
  notified(): Notified {
    return new Notified(this.#state);
  }
  /** Wakes the longest waiter, or stores one permit (at most one is kept). */
  notifyOne(): void {
    this.#state.queue.give(1);
    this.#state.keepOne();
  }
  /** Wakes the latest waiter; stores a permit as `notifyOne` does when there is none. */
  notifyLast(): void {
    this.#state.queue.giveLatest();
    this.#state.keepOne();
  }
  /** Wakes all current waiters; stores nothing. */
  notifyWaiters(): void {
    this.#state.broadcasts++;
    this.#state.queue.grantAll();
  }
}

threadBound(Notify, "a Notify");

const sample = new Notify();
pin(sample, sample.notified());
