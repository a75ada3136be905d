/** A bound on how often something is done. */
import { pin } from "../internal/pin.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { Acquire } from "../runtime/acquire.ts";
import type { Poll, Waker } from "../runtime/body.ts";
import { PENDING } from "../runtime/body.ts";
import type { Clock } from "../runtime/clock.ts";
import { checkCount, requireOptions, shown } from "../runtime/argument.ts";
import type { Future } from "../runtime/future.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { type Waiter, WaitQueue } from "../runtime/wait-queue.ts";
import { Alarm, setAlarm } from "../time/alarm.ts";

/** Of a token: what dividing and multiplying times may lose. */
const TOLERANCE = 1e-9;

/**
 * The bucket. Tokens are put in when somebody looks, as many as the time since has earned; while somebody
 * waits, one timer is armed for the moment at which the first has all it needs.
 *
 * Runtimes may share it. The timer is one of the runtime of whoever is first, which goes on as long as that
 * one waits; others that look meanwhile go by the same time.
 */
class Bucket implements Waker {
  readonly tokens: WaitQueue;
  readonly burst: number;
  readonly #rate: number;
  readonly #per: number;
  readonly #alarm: Alarm = new Alarm(this);
  /** By which the time since is told, and on which the timer is set. */
  #clock: Clock | null = null;
  /** When it was full last, and the tokens put in since: the sum is exact however long it is used. */
  #since: number = 0;
  #earned: number = 0;

  constructor(rate: number, per: number, burst: number) {
    this.tokens = new WaitQueue(burst);
    this.burst = burst;
    this.#rate = rate;
    this.#per = per;
  }

  get clock(): Clock | undefined {
    return this.#clock ?? undefined;
  }
  /** Puts in what was earned since it was last looked at. `clock` is that of who looks. */
  refill(clock: Clock): void {
    const { first } = this.tokens;
    this.#goBy(first === null ? clock : clockOf(first));
    this.#fill();
  }
  #goBy(clock: Clock): void {
    const before = this.#clock;
    if (clock === before) return;
    before?.cancel(this.#alarm);
    this.#clock = clock;
    if (before === null || !before.isHostTime || !clock.isHostTime) this.#restart(clock.now());
  }
  #fill(): void {
    const now = this.#clock!.now();
    const { tokens } = this;
    const room = this.burst - tokens.available - (tokens.first?.held ?? 0);
    if (room > 0) {
      const earned = Math.floor(((now - this.#since) * this.#rate) / this.#per + TOLERANCE);
      const fresh = earned - this.#earned;
      if (fresh <= 0) return;
      this.#earned = earned;
      if (fresh > room) this.#restart(now);
      tokens.give(Math.min(fresh, room));
    }
    if (tokens.available < this.burst) return;
    tokens.available = this.burst;
    this.#restart(now);
  }
  /** It is full, or was when the host let nobody look: what does not fit in is lost. */
  #restart(now: number): void {
    this.#since = now;
    this.#earned = 0;
  }

  /** Somebody has begun to wait. */
  arm(): void {
    const { first } = this.tokens;
    if (first === null) return this.#clock!.cancel(this.#alarm);
    this.#goBy(clockOf(first));
    const needed = this.#earned + first.need - first.held - TOLERANCE;
    setAlarm(this.#alarm, this.#clock!, this.#since + (needed * this.#per) / this.#rate);
  }
  /** The timer: the first who waits can be served. So can the next when the first goes away. */
  wake(): void {
    this.#fill();
    this.arm();
  }
}

/** Of the runtime of a waiter. */
function clockOf(waiter: Waiter): Clock {
  return (waiter.waker as Take).clock!;
}

/** In the queue it is its own waker. */
class Take extends Acquire<void> implements Waker {
  /** That of the runtime that polled it last. */
  clock: Clock | null = null;
  #waker: Waker | null = null;
  readonly #bucket: Bucket;
  readonly #count: number;
  constructor(bucket: Bucket, count: number) {
    super();
    this.#bucket = bucket;
    this.#count = count;
  }
  protected get queue(): WaitQueue {
    return this.#bucket.tokens;
  }
  protected override get need(): number {
    return this.#count;
  }
  override poll(waker: Waker): Poll<void> {
    const { clock } = ambientKernel();
    this.clock = clock;
    this.#waker = waker;
    this.#bucket.refill(clock);
    const result = super.poll(this);
    if (result === PENDING) this.#bucket.arm();
    return result;
  }
  wake(): void {
    this.#waker?.wake();
  }
  override get waitedClock(): object | undefined {
    return this.#bucket.clock;
  }
  protected granted(): void {}
  protected closed(): void {}
  protected override left(): void {
    this.#bucket.wake();
  }
  override describeWait(): string {
    return `acquire${this.#count === 1 ? "" : ` of ${this.#count}`} on a rate limiter (${this.queue.available} available)`;
  }
}

/**
 * Token bucket, FIFO: at most `burst` at once and `rate` per `per` ms over time; it starts full.
 *
 * Which one? A `RateLimiter` bounds how often something begins; a `Semaphore` how many do it at once.
 *
 * **Cancel safety.** An abandoned `acquire` takes nothing, and what it had collected goes to the next.
 *
 * @example
 * ```ts
 * import { now, RateLimiter } from "millrace";
 * import { paused } from "millrace/testing";
 *
 * await paused(async () => {
 *   const limiter = new RateLimiter({ rate: 10, per: 1000, burst: 2 });
 *   for (let i = 0; i < 4; i++) await limiter.acquire();
 *   console.log(now()); // 200
 * });
 * ```
 */
export class RateLimiter {
  readonly #bucket: Bucket;

  /**
   * `rate` tokens come in every `per` ms; `burst` of them (default `rate`) can be saved up.
   *
   * @throws RangeError unless `rate` and `burst` are positive integers and `per` is a positive number.
   */
  constructor(options: { rate: number; per: number; burst?: number }) {
    const { rate, per, burst = rate } = requireOptions("RateLimiter", options, "{ rate: 10, per: 1000 }");
    checkCount("RateLimiter", "rate", rate, 1);
    checkCount("RateLimiter", "burst", burst, 1);
    if (!(Number.isFinite(per) && per > 0))
      throw new RangeError(`RateLimiter expects per to be a positive number of ms, got ${shown(per)}`);
    this.#bucket = new Bucket(rate, per, burst);
  }

  /**
   * Waits, in FIFO order, for `count` tokens and takes them.
   *
   * **Cancel safety.** Abandoned, it has taken nothing.
   *
   * @throws RangeError unless `count` is a non-negative integer of at most `burst`.
   */
  acquire(count: number = 1): Future<void> {
    return new Take(this.#bucket, this.#check("RateLimiter.acquire", count));
  }
  /** Takes `count` tokens if they are there and nobody waits for them. */
  tryAcquire(count: number = 1): boolean {
    this.#check("RateLimiter.tryAcquire", count);
    this.#bucket.refill(ambientKernel().clock);
    return this.#bucket.tokens.tryTake(count);
  }

  #check(caller: string, count: number): number {
    if (checkCount(caller, "count", count, 0) <= this.#bucket.burst) return count;
    throw new RangeError(
      `${caller} expects a count of at most ${this.#bucket.burst}, the burst, got ${count}`,
    );
  }
}

threadBound(RateLimiter, "a RateLimiter");

const sample = new RateLimiter({ rate: 1, per: 1 });
pin(sample, sample.acquire());
