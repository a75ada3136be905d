/** Permits in shared memory: what the semaphore and the mutex are both made of. */
import { marksHeld } from "../runtime/held.ts";
import { ClosedError } from "../errors.ts";
import { PENDING, type Poll } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { graves } from "./graves.ts";
import { HELD_WORDS, HeldPermits } from "./held-permits.ts";
import type { Permits, SharedGuard } from "./permits.ts";
import { SHARE, type SharedParts } from "./shareable.ts";
import { SharedSignal, SharedWait } from "./shared-wait.ts";

const FREE = 0;
/** A thread died while it held permits, and nobody has been told yet. */
const ABANDONED = 1;
const SIGNAL = 16;
const HELD = 32;
const WORDS: number = HELD + HELD_WORDS;

export class SharedPermits implements Permits {
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

  take(count: number, what: string): Future<SharedGuard> {
    return new Take(this, count, what);
  }
  tryHold(count: number): SharedGuard | undefined {
    return this.tryTake(count) ? new Held(this, count) : undefined;
  }
  parts(): Omit<SharedParts, "kind" | "data"> {
    return { memory: this.memory };
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
marksHeld(Held);

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
  override giveBack(guard: SharedGuard): void {
    guard.release();
  }
  override describeWait(): string {
    return this.#what;
  }
}
