/**
 * Waiting for something in shared memory, from any number of threads, without blocking an event loop.
 *
 *   attempt fails ──► LOOKING, once in every turn of the host, for a learned time ──► ARMED (waitAsync)
 *         ▲                          │ attempt succeeds                                    │
 *         │                          ▼                                                     │
 *         └──────────────────────  DONE  ◄──────────── a change is announced ──────────────┘
 *
 * Two words: an epoch, and whether anybody waits. On one thread, waiters of one handle take turns: first
 * come, first served, and only the first of the line tries and sleeps.
 *
 * No wake-up is lost
 *  1. A waiter reads the epoch, says that it waits, tries once more, and sleeps only if the epoch is still
 *     what it read (`waitAsync` compares and sleeps in one step). Whoever changes something looks afterwards
 *     whether anybody waits; if so it takes that word back, moves the epoch, and wakes all who sleep on it.
 *  2. Either the change came before the waiter's last attempt, which then succeeded; or it came after the
 *     waiter had said that it waits. Then the changer saw that word, or another changer had taken it back
 *     since: in both cases the epoch moves after the waiter read it, and it does not sleep, or is woken.
 *  3. That holds because all these are sequentially consistent: every word that decides whether somebody
 *     sleeps is read with `Atomics.load`, also where nothing but an old value could come of it. (A plain load
 *     may be done before an atomic store that stands above it; some processors do so.)
 *  4. Who is woken tries again, and says anew that it waits if it fails. So a waiter that died, or was
 *     abandoned, costs one needless wake-up; and all are woken, so it took nobody's.
 *  5. Within the line, whoever leaves it, for whatever reason, wakes the next. A death wakes the first.
 *  6. What is announced "soon" (`announceSoon`) is announced at the latest after some turns, whatever comes.
 * test/threads/model.test.ts tries 1 and 2 under every order, shared-stress.test.ts all of it on threads.
 */
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { Operation } from "../runtime/operation.ts";
import { host } from "../runtime/host.ts";
import { cx } from "../runtime/kernel.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { graves } from "./graves.ts";
import { expectNoOthers, expectOthers, hasOthers } from "./others.ts";
import { SpinBudget } from "./spin-budget.ts";

/** So long may an announcement be put off that more changes would make worth more. */
const MOST_TURNS = 16;

/** Changes that threads wait for. */
export class SharedSignal {
  readonly #words: Int32Array;
  readonly #epoch: number;
  readonly #waiting: number;
  readonly #spin: SpinBudget = new SpinBudget();
  /** Of this thread, in the order they came. */
  readonly #line: Set<SharedWait<unknown>> = new Set();
  #isArmed: boolean = false;
  #keepAlive: unknown = undefined;
  #unwatch: () => void = () => {};
  readonly #hearOfOthers: () => void = () => this.#hold();
  #isFlushing: boolean = false;
  #changes: number = 0;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#epoch = at;
    this.#waiting = at + 1;
  }

  /** Something changed: everybody who waits tries again. */
  announce(): void {
    const words = this.#words;
    if (!this.hasWaiters || Atomics.exchange(words, this.#waiting, 0) === 0) return;
    Atomics.add(words, this.#epoch, 1);
    Atomics.notify(words, this.#epoch);
    // On this thread at once: the engine tells it in a turn of its own.
    this.#first()?.wake();
  }
  #first(): SharedWait<unknown> | undefined {
    return this.#line.values().next().value;
  }
  get hasWaiters(): boolean {
    return Atomics.load(this.#words, this.#waiting) !== 0;
  }
  /**
   * The same, when it is worth a wake-up: at once if enough has changed, else at the end of the first turn
   * in which nothing more did, or of the last that it may take.
   */
  announceSoon(isEnough: boolean): void {
    this.#changes = (this.#changes + 1) | 0;
    if (isEnough) return this.announce();
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#flush(MOST_TURNS);
  }
  #flush(turns: number): void {
    const seen = this.#changes;
    host.macrotask(() => {
      if (seen !== this.#changes && turns > 1 && this.hasWaiters) return this.#flush(turns - 1);
      this.#isFlushing = false;
      this.announce();
    });
  }

  mayTry(wait: SharedWait<unknown>): boolean {
    return this.#line.size === 0 || this.#first() === wait;
  }
  enter(wait: SharedWait<unknown>): void {
    this.#line.add(wait);
  }
  /** While somebody waits and does not look, the program is kept alive. Looking does so by itself, and is cheaper. */
  #hold(): void {
    if (this.#keepAlive !== undefined) return;
    if (!hasOthers()) return expectOthers(this.#hearOfOthers);
    this.#keepAlive = host.timer(0x7fff_ffff, () => {});
    // What it waits for may be held by the dead.
    this.#unwatch = graves.watch(() => this.#first()?.wake());
  }
  /** It waits no more, if it did; `ms` is how long it has, unless that tells nothing (−1). */
  leave(wait: SharedWait<unknown>, ms: number, hasSlept: boolean): boolean {
    if (!this.#line.delete(wait)) return false;
    if (ms >= 0) this.#spin.learn(host.now(), ms, hasSlept);
    const next = this.#first();
    if (next === undefined) this.#release();
    else next.wake();
    return true;
  }
  #release(): void {
    if (this.#keepAlive === undefined) return expectNoOthers(this.#hearOfOthers);
    host.clearTimer(this.#keepAlive);
    this.#keepAlive = undefined;
    this.#unwatch();
  }

  /** How long a wait should look on before it sleeps, in ms. */
  get spinMs(): number {
    return this.#spin.budget;
  }

  /** Has the first in line woken at the next change. False when one has come since `epoch`. */
  arm(epoch: number): boolean {
    this.#hold();
    if (this.#isArmed) return true;
    const wait = Atomics.waitAsync(this.#words, this.#epoch, epoch);
    if (!wait.async) return false;
    this.#isArmed = true;
    void wait.value.then(() => {
      this.#isArmed = false;
      this.#first()?.wake();
    });
    return true;
  }
  /** Says that somebody waits. */
  prepare(): number {
    const epoch = Atomics.load(this.#words, this.#epoch);
    Atomics.store(this.#words, this.#waiting, 1);
    return epoch;
  }
}

/** Waits until an attempt succeeds. */
export abstract class SharedWait<T> extends Operation<T> {
  declare private readonly signal: SharedSignal;
  declare private waker: Waker | null;
  declare private since: number;
  declare private hasSlept: boolean;

  // In the constructor, which the engine makes cheaper than initialisers (the rows of the channel).
  constructor(signal: SharedSignal) {
    super();
    this.signal = signal;
    this.waker = null;
    this.since = -1;
    this.hasSlept = false;
  }

  /** It is about to wait, unless this throws; it waits no more. */
  protected enters(): void {}
  protected left(): void {}
  protected get isInLine(): boolean {
    return this.since >= 0;
  }

  /** `PENDING` when it must wait. */
  protected abstract attempt(): Poll<T>;

  wake(): void {
    this.waker?.wake();
  }

  poll(waker: Waker): Poll<T> {
    if (!mayProceed(waker)) return PENDING;
    const signal = this.signal;
    if (this.since < 0) {
      if (signal.mayTry(this)) {
        const result = this.attempt();
        if (result !== PENDING) {
          cx.budget--;
          return result;
        }
      }
      this.since = host.now();
      this.enters();
      signal.enter(this);
    }
    this.waker = waker;
    if (!signal.mayTry(this)) return PENDING;
    let result = this.tried();
    if (result !== PENDING) return result;
    if (!this.hasSlept && host.now() - this.since < signal.spinMs) {
      ambientKernel().scheduler.defer(waker);
      return PENDING;
    }
    for (;;) {
      const epoch = signal.prepare();
      result = this.tried();
      if (result !== PENDING) return result;
      this.hasSlept = true;
      if (signal.arm(epoch)) return PENDING;
    }
  }

  private tried(): Poll<T> {
    let result: Poll<T>;
    try {
      result = this.attempt();
    } catch (error) {
      this.signal.leave(this, -1, false);
      this.left();
      throw error;
    }
    if (result === PENDING) return PENDING;
    cx.budget--;
    this.signal.leave(this, host.now() - this.since, this.hasSlept);
    this.left();
    return result;
  }

  override drop(): void {
    this.waker = null;
    // Given up after it had looked in vain, it was a long one: else waits that all have limits would look for ever.
    const ms = this.hasSlept ? host.now() - this.since : -1;
    if (this.signal.leave(this, ms, this.hasSlept)) this.left();
  }
  override get isExternalWait(): boolean {
    return hasOthers();
  }
}
