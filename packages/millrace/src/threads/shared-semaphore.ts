/** Permits that any thread takes and gives back. */
import { ClosedError } from "../errors.ts";
import { PENDING, type Poll } from "../runtime/body.ts";
import { checkCount } from "../runtime/duration.ts";
import type { Future } from "../runtime/future.ts";
import { graves } from "./graves.ts";
import { HELD_WORDS, HeldPermits } from "./held-permits.ts";
import { SHARE, shareable, type SharedParts } from "./shareable.ts";
import { SharedSignal, SharedWait } from "./shared-wait.ts";

/** What is held until it is released; releasing twice does nothing. */
export interface SharedGuard extends Disposable {
  /** The thread that held it before died without releasing it: what it protects may be half-done. */
  readonly isAbandoned: boolean;
  /** Gives it back. */
  release(): void;
}

const FREE = 0;
/** A thread died while it held permits, and nobody has been told yet. */
const ABANDONED = 1;
const SIGNAL = 16;
const HELD = 32;
const WORDS: number = HELD + HELD_WORDS;
const KIND = "semaphore";

/** Permits in shared memory: what the semaphore and the mutex are both made of. */
export class SharedPermits {
  readonly memory: SharedArrayBuffer;
  readonly signal: SharedSignal;
  readonly #words: Int32Array;
  readonly #held: HeldPermits;
  /** Deaths that were looked at. */
  #deaths: number = 0;

  constructor(permits: number, memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(WORDS * 4);
    this.#words = new Int32Array(this.memory);
    this.signal = new SharedSignal(this.#words, SIGNAL);
    this.#held = new HeldPermits(this.#words, HELD);
    if (memory === undefined) this.#words[FREE] = permits;
  }

  tryTake(count: number): boolean {
    for (;;) {
      const free = Atomics.load(this.#words, FREE);
      if (free < count) {
        if (this.#inherit()) continue;
        return false;
      }
      if (Atomics.compareExchange(this.#words, FREE, free, free - count) !== free) continue;
      this.#held.add(count);
      return true;
    }
  }
  /** Gives back what threads held that have died. True when that was something. */
  #inherit(): boolean {
    const deaths = graves.count;
    if (deaths === this.#deaths) return false;
    this.#deaths = deaths;
    const count = this.#held.inherit();
    if (count === 0) return false;
    Atomics.store(this.#words, ABANDONED, 1);
    Atomics.add(this.#words, FREE, count);
    this.signal.announce();
    return true;
  }
  /** Whether a holder died, for the first who asks. */
  takeAbandoned(): boolean {
    return this.#words[ABANDONED] !== 0 && Atomics.exchange(this.#words, ABANDONED, 0) !== 0;
  }
  give(count: number): void {
    this.#held.remove(count);
    Atomics.add(this.#words, FREE, count);
    this.signal.announce();
  }
}

class Held implements SharedGuard {
  readonly isAbandoned: boolean;
  #permits: SharedPermits | null;
  readonly #count: number;
  constructor(permits: SharedPermits, count: number) {
    this.#permits = permits;
    this.#count = count;
    this.isAbandoned = permits.takeAbandoned();
  }
  release(): void {
    const permits = this.#permits;
    this.#permits = null;
    permits?.give(this.#count);
  }
  [Symbol.dispose](): void {
    this.release();
  }
  [SHARE](): never {
    throw new ClosedError("what a thread holds of a lock cannot be passed to another; pass the lock");
  }
}

class Take extends SharedWait<SharedGuard> {
  readonly #permits: SharedPermits;
  readonly #count: number;
  readonly #what: string;
  constructor(permits: SharedPermits, count: number, what: string) {
    super(permits.signal);
    this.#permits = permits;
    this.#count = count;
    this.#what = what;
  }
  protected attempt(): Poll<SharedGuard> {
    return this.#permits.tryTake(this.#count) ? new Held(this.#permits, this.#count) : PENDING;
  }
  override describeWait(): string {
    return this.#what;
  }
}

export function take(permits: SharedPermits, count: number, what: string): Future<SharedGuard> {
  return new Take(permits, count, what);
}
export function tryTake(permits: SharedPermits, count: number): SharedGuard | undefined {
  return permits.tryTake(count) ? new Held(permits, count) : undefined;
}

/**
 * A semaphore across threads; never blocks an event loop. Pass it to a `threaded` function. On one thread,
 * those who wait are served first come, first served; between threads there is no order. Permits held by a
 * thread of a pool that died are given back, and whoever takes the first of them is told (`isAbandoned`).
 *
 * **Cancel safety.** Abandoning `acquire` takes nothing.
 *
 * @example
 * ```ts
 * import { SharedSemaphore } from "millrace/threads";
 *
 * const slots = new SharedSemaphore(2);
 * using permit = await slots.acquire();
 * ```
 */
export class SharedSemaphore {
  readonly #permits: SharedPermits;
  readonly #most: number;

  /**
   * With so many free permits.
   *
   * @throws RangeError when `permits` is not a positive integer.
   */
  constructor(permits: number) {
    this.#most = checkCount("SharedSemaphore", "permits", permits, 1);
    this.#permits = restoring === undefined ? new SharedPermits(permits) : new SharedPermits(0, restoring);
  }

  /**
   * Waits for `count` permits (1 unless said), all or nothing.
   *
   * @throws RangeError for more than there are.
   */
  acquire(count: number = 1): Future<SharedGuard> {
    checkCount("SharedSemaphore.acquire", "count", count, 1);
    if (count > this.#most) {
      throw new RangeError(`acquire expects at most ${this.#most}, which is all there are, got ${count}`);
    }
    return take(this.#permits, count, "permits of a shared semaphore");
  }
  /** @internal */
  [SHARE](): SharedParts {
    return { kind: KIND, memory: this.#permits.memory, data: [this.#most] };
  }
}

let restoring: SharedArrayBuffer | undefined;
shareable(KIND, (memory, [permits]) => {
  restoring = memory;
  try {
    return new SharedSemaphore(permits!);
  } finally {
    restoring = undefined;
  }
});
