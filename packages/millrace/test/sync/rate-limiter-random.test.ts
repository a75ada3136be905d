/**
 * Random programs on a rate limiter, time steps included. The model: one level that rises with time and
 * stops at the top, and that who waits takes from it in turn, as soon as it is high enough. It counts in
 * shares of a token, so that it is exact: a share on top stays while somebody takes the tokens under it.
 */
import fc from "fast-check";
import { RateLimiter } from "millrace";
import { paused, type TestClock } from "millrace/testing";
import { expect } from "vitest";
import { index, Model, type Operation, testAgainstModel, when, type When } from "./model.ts";

interface About {
  readonly count: number;
  isGranted: boolean;
}
interface Options {
  readonly rate: number;
  readonly per: number;
  readonly burst: number;
}

let clock: TestClock;

class RateLimiterModel extends Model<About> {
  readonly limiter: RateLimiter;
  readonly options: Options;
  /** In tokens times `per`: a ms earns `rate` of them. */
  level: number;

  constructor(options: Options) {
    super();
    this.options = options;
    this.limiter = new RateLimiter(options);
    this.level = options.burst * options.per;
  }

  get waiting(): Operation<About>[] {
    return this.line.filter(({ about }) => !about.isGranted);
  }
  canTake(count: number): boolean {
    return count === 0 || (this.waiting.length === 0 && this.level >= count * this.options.per);
  }
  isReady({ isWaiting, about }: Operation<About>): boolean {
    return isWaiting ? about.isGranted : this.canTake(about.count);
  }
  served({ about }: Operation<About>, outcome: unknown): void {
    expect(outcome).toBeUndefined();
    if (!about.isGranted) this.level -= about.count * this.options.per;
  }
  override dropped({ about }: Operation<About>): void {
    if (about.isGranted) this.level += about.count * this.options.per;
    this.serve();
  }
  /** The first who wait take what they need. */
  serve(): void {
    const { per, burst } = this.options;
    for (const { about } of this.waiting) {
      if (about.count * per > this.level) return;
      this.level -= about.count * per;
      about.isGranted = true;
    }
    this.level = Math.min(this.level, burst * per);
  }

  acquire(count: number, at: When): void {
    const most = Math.min(count, this.options.burst);
    this.begin(this.limiter.acquire(most), { count: most, isGranted: false }, at);
  }
  tryAcquire(count: number): void {
    const most = Math.min(count, this.options.burst);
    const isOk = this.canTake(most);
    expect(this.limiter.tryAcquire(most)).toBe(isOk);
    if (isOk) this.level -= most * this.options.per;
  }
  pass(ms: number): void {
    clock.jump(ms);
    const { rate, per, burst } = this.options;
    this.level += ms * rate;
    // However long the step was: no more than the burst at once.
    if (Math.floor(this.level / per) > burst) this.level = burst * per;
    this.serve();
  }

  /** Left alone for long enough it is full, and not more than that. */
  finish(): void {
    const { rate, per, burst } = this.options;
    this.pass(Math.ceil((burst * per) / rate));
    this.tryAcquire(burst);
    this.tryAcquire(1);
  }
}

testAgainstModel({
  model: (options: Options) => new RateLimiterModel(options),
  setup: fc.record({
    rate: fc.integer({ min: 1, max: 7 }),
    per: fc.constantFrom(1, 3, 10, 1000),
    burst: fc.integer({ min: 1, max: 6 }),
  }),
  commands: {
    acquire: [10, fc.nat(6), when],
    tryAcquire: [4, fc.nat(6)],
    pass: [8, fc.oneof(fc.constantFrom(0, 1, 2), fc.nat(400))],
    poll: [10, index],
    drop: [5, index],
  },
  // One runtime for all of them: time goes on from one program to the next.
  within: (run) =>
    paused((given) => {
      clock = given;
      run();
    }),
});
