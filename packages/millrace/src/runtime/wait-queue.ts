/**
 * The one queue that everything which waits is built on: a strict FIFO of waiters for countable
 * things (permits, free slots, buffered messages, turns, notifications).
 *
 * Invariants
 *  1. While anybody waits, `available` is 0: what comes free is given to the waiter at the head, in
 *     parts if it needs more. So nobody barges, whatever the sizes.
 *  2. A waiter is granted once it holds all it needs. It is then unlinked and woken, and what it holds
 *     is its own until it takes it (`granted` is read by its next poll) or is abandoned.
 *  3. `abandon` unlinks a waiter that still waits and passes on everything it holds, through the same
 *     `give` that a release goes through. That is the whole rule against lost wake-ups: whatever was
 *     assigned to a waiter that goes away reaches the next one, in this one place, whether it was
 *     abandoned before, while or after it was woken.
 *  4. Waking is the last thing an operation does: everybody it concerns has left the queue and all that
 *     was given is accounted for before foreign code runs, which may join, leave, take and give again.
 *     A waker that throws is reported: who wakes others is not to blame, and must not fail halfway.
 *
 * All operations are O(1) a waiter.
 */
import { pin } from "../internal/pin.ts";
import type { Waker } from "./body.ts";
import { wakeSafely } from "./listeners.ts";

const WAITING = 0;
const GRANTED = 1;
const CLOSED = 2;
const GONE = 3;

/** A place in a queue. Made only when somebody must wait. */
export class Waiter {
  declare waker: Waker;
  declare readonly need: number;
  declare held: number;
  /** Granted out of turn, as the latest: what it holds passes to the latest again. */
  declare isLatest: boolean;
  declare state: number;
  declare prev: Waiter | null;
  declare next: Waiter | null;

  constructor(need: number, waker: Waker) {
    this.held = 0;
    this.isLatest = false;
    this.state = WAITING;
    this.prev = null;
    this.next = null;
    this.need = need;
    this.waker = waker;
  }
  get isWaiting(): boolean {
    return this.state === WAITING;
  }
  get isGranted(): boolean {
    return this.state === GRANTED;
  }
}

/** In the place of a waiter: the operation is over. */
export const USED: Waiter = new Waiter(0, { wake: () => {} });

export class WaitQueue {
  /** What is free, not counting what is assigned to waiters. */
  declare available: number;
  declare isClosed: boolean;
  declare protected head: Waiter | null;
  declare private tail: Waiter | null;

  constructor(available: number) {
    this.available = available;
    this.isClosed = false;
    this.head = null;
    this.tail = null;
  }

  /** Who has waited longest, and is not granted yet. */
  get first(): Waiter | null {
    return this.head;
  }

  /** Waiters in the queue; those granted but not yet resumed are not among them. For reports: it counts. */
  get waiting(): number {
    let count = 0;
    for (let waiter = this.head; waiter !== null; waiter = waiter.next) count++;
    return count;
  }

  get isEmpty(): boolean {
    return this.head === null;
  }

  /** Whether `count` are free and nobody waits. Nothing can be had at any time. */
  has(count: number): boolean {
    return this.available >= count && (this.head === null || count === 0);
  }

  /** Takes `count` now if it has them. */
  tryTake(count: number): boolean {
    if (this.available < count || (this.head !== null && count > 0)) return false;
    this.available -= count;
    return true;
  }

  /** Joins the queue, taking what is already free towards `need`. Call only after `tryTake` failed. */
  enter(need: number, waker: Waker): Waiter {
    const waiter = new Waiter(need, waker);
    waiter.held = this.available;
    this.available = 0;
    waiter.prev = this.tail;
    if (this.tail === null) this.head = waiter;
    else this.tail.next = waiter;
    this.tail = waiter;
    return waiter;
  }

  /** Hands `count` to the waiters in order; what nobody waits for stays free. */
  give(count: number): void {
    if (this.head === null) this.available += count;
    else this.giveToWaiters(count);
  }

  // #region give
  private giveToWaiters(count: number): void {
    let first: Waiter | null = null;
    let last: Waiter | null = null;
    for (let head = this.head; head !== null && count > 0; head = this.head) {
      const missing = head.need - head.held;
      if (count < missing) {
        head.held += count;
        count = 0;
        break;
      }
      count -= missing;
      this.grant(head);
      if (last === null) first = head;
      else last.next = head;
      last = head;
    }
    this.available += count;
    if (first === null) return;
    if (first === last) wakeSafely(first.waker);
    else wakeAll(first);
  }
  // #endregion give

  /** Hands one to the latest waiter, which must need just one. */
  giveLatest(): void {
    const waiter = this.tail;
    if (waiter === null) return this.give(1);
    waiter.isLatest = true;
    this.grant(waiter);
    wakeSafely(waiter.waker);
  }

  /** The waiter's next poll took what it was granted. */
  take(waiter: Waiter): void {
    waiter.state = GONE;
    waiter.held = 0;
  }

  // #region abandon
  /** The waiter goes away: whatever it holds passes to the next one. */
  abandon(waiter: Waiter): void {
    const { state, held } = waiter;
    if (state === WAITING) this.unlink(waiter);
    waiter.state = GONE;
    waiter.held = 0;
    if (held === 0) return;
    if (waiter.isLatest) this.giveLatest();
    else this.give(held);
  }
  // #endregion abandon

  /** Fails everybody who waits; what they had collected is free again. */
  close(): void {
    this.isClosed = true;
    this.release(CLOSED);
  }

  /** Completes everybody who waits now, without using anything up. */
  grantAll(): void {
    this.release(GRANTED);
  }

  private release(state: number): void {
    // Unlink all of them first: a waker may add a waiter, which is not part of this call.
    const first = this.head;
    if (first === null) return;
    this.head = this.tail = null;
    for (let waiter: Waiter | null = first; waiter !== null; waiter = waiter.next) {
      waiter.prev = null;
      this.available += waiter.held;
      waiter.held = 0;
      waiter.state = state;
    }
    wakeAll(first);
  }

  protected grant(waiter: Waiter): void {
    this.unlink(waiter);
    waiter.held = waiter.need;
    waiter.state = GRANTED;
  }

  private unlink(waiter: Waiter): void {
    const { prev, next } = waiter;
    if (prev === null) this.head = next;
    else prev.next = next;
    if (next === null) this.tail = prev;
    else next.prev = prev;
    waiter.prev = waiter.next = null;
  }
}

/** Wakes a chain of waiters that have left the queue, save those that an earlier one has made go. */
function wakeAll(first: Waiter): void {
  for (let waiter: Waiter | null = first; waiter !== null;) {
    const next: Waiter | null = waiter.next;
    waiter.next = null;
    if (waiter.state !== GONE) wakeSafely(waiter.waker);
    waiter = next;
  }
}

pin(new Waiter(1, { wake: () => {} }));
