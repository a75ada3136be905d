/** Permits: a bound on how many do something at once. */
import { marksHeld } from "../runtime/held.ts";
import { pin } from "../internal/pin.ts";
import { ClosedError } from "../errors.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { Acquire } from "../runtime/acquire.ts";
import { type Body, PENDING, SUSPENDED, type Poll, type Suspend } from "../runtime/body.ts";
import { checkCount, requireBody } from "../runtime/argument.ts";
import { type Future } from "../runtime/future.ts";
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
import { refused, type Try } from "./try.ts";
import { WithGuard } from "./with-guard.ts";

/** The most permits a semaphore can have. */
const MAX_PERMITS = Number.MAX_SAFE_INTEGER;

/** Permits held. Releasing and disposing are idempotent; any other use after that throws `ClosedError`. */
export interface SemaphorePermit extends Disposable {
  /** How many permits this is. */
  readonly count: number;
  /** Gives the permits back. */
  release(): void;
  /** Removes the permits from the semaphore for ever. */
  forget(): void;
  /** Moves `count` of the permits into a permit of their own; `undefined` when there are fewer. */
  split(count: number): SemaphorePermit | undefined;
  /** Takes over the permits of `other`, which must be of the same semaphore. */
  merge(other: SemaphorePermit): void;
}

/** What a semaphore and its permits share. */
class Shared implements Resource {
  declare readonly permits: WaitQueue;
  /** The permits that are held. */
  declare readonly handles: Handles;
  constructor(permits: number, options?: Named) {
    this.permits = new WaitQueue(permits);
    this.handles = new Handles();
    made(this, options);
  }
  get resourceKind(): ResourceKind {
    return "semaphore";
  }
  attributes(): Attributes {
    const { available, waiting, isClosed } = this.permits;
    return { free: available, waiting, closed: isClosed };
  }
}

class Permit extends Handle implements SemaphorePermit {
  declare private readonly shared: Shared;
  declare private held: number;
  declare private isReleased: boolean;

  constructor(shared: Shared, count: number) {
    super();
    this.isReleased = false;
    this.shared = shared;
    this.held = count;
    shared.handles.opened(this, !shared.permits.isEmpty);
  }
  get count(): number {
    return this.held;
  }
  release(): void {
    if (this.isReleased) return;
    const count = this.held;
    this.end();
    this.shared.permits.give(count);
  }
  forget(): void {
    this.check("forget");
    this.end();
  }
  split(count: number): SemaphorePermit | undefined {
    this.check("split");
    checkCount("SemaphorePermit.split", "count", count, 0);
    if (count > this.held) return undefined;
    this.hold(this.held - count);
    return new Permit(this.shared, count);
  }
  merge(other: SemaphorePermit): void {
    this.check("merge");
    if (!(other instanceof Permit)) {
      const got = other === null ? "null" : typeof other;
      throw new TypeError(`SemaphorePermit.merge expects a permit of a semaphore, got ${got}`);
    }
    if (other === this) throw new TypeError("SemaphorePermit.merge expects another permit, got the same one");
    if (other.shared !== this.shared) {
      throw new TypeError("SemaphorePermit.merge expects a permit of the same semaphore, got one of another");
    }
    other.check("merge");
    this.hold(this.held + other.held);
    other.end();
  }
  [Symbol.dispose](): void {
    this.release();
  }
  /** @internal */
  makeRemains(): Remains {
    return new Remains<Share>(PERMIT, { permits: this.shared.permits, count: this.held });
  }
  private hold(count: number): void {
    this.held = count;
    if (this.remains !== null) (this.remains as Remains<Share>).of.count = count;
  }
  private end(): void {
    this.isReleased = true;
    this.held = 0;
    this.shared.handles.closed(this);
  }
  private check(what: string): void {
    if (this.isReleased)
      throw new ClosedError(`SemaphorePermit.${what} of a permit that was already released`);
  }
}
marksHeld(Permit);

/** Of the permits of a semaphore. */
interface Share {
  readonly permits: WaitQueue;
  /** Splitting and merging change it. */
  count: number;
}
const PERMIT: HandleKind<Share> = {
  what: "a permit of a semaphore",
  release: ({ permits, count }) => permits.give(count),
};

class AcquirePermit extends Acquire<SemaphorePermit> {
  declare private readonly semaphore: Shared;
  declare private readonly count: number;
  constructor(semaphore: Shared, count: number) {
    super();
    this.semaphore = semaphore;
    this.count = count;
  }
  protected get queue(): WaitQueue {
    return this.semaphore.permits;
  }
  override futureNow(): Poll<SemaphorePermit> {
    return this.takesAtOnce(this.semaphore.permits, this.count) ? this.granted() : PENDING;
  }
  override get wouldWait(): boolean {
    return this.findsNothing(this.semaphore.permits, this.count);
  }
  override next(): IteratorResult<Suspend, SemaphorePermit> {
    const { permits } = this.semaphore;
    if (this.takesNow(permits, this.count)) return { done: true, value: this.granted() };
    return this.waits(permits, this.count) ? SUSPENDED : super.next();
  }
  protected override entered(): void {
    this.semaphore.handles.awaited();
  }
  protected override get need(): number {
    return this.count;
  }
  protected granted(): SemaphorePermit {
    return new Permit(this.semaphore, this.count);
  }
  protected closed(): never {
    throw new ClosedError("the semaphore was closed");
  }
  override giveBack(permit: SemaphorePermit): void {
    permit.release();
  }
  override describeWait(): string {
    const semaphore = label(this.semaphore, "a semaphore");
    const many = this.need === 1 ? "" : ` of ${this.need}`;
    return `acquire${many} on ${semaphore} (${this.queue.available} free)`;
  }
  override get waitedResource(): Resource {
    return this.semaphore;
  }
}

/**
 * Permits, handed out in FIFO order across sizes: a large request at the head is not overtaken by
 * small ones.
 *
 * Which lock should I use? A `Semaphore` bounds how many do something at once; to guard a value, use
 * `Mutex` or `RwLock`; to bound a rate rather than a number, use `RateLimiter`.
 *
 * **Cancel safety.** An abandoned `acquire` loses its place and leaves no permit behind.
 *
 * @example
 * ```ts
 * import { joinAll, Semaphore, sleep } from "millrace";
 *
 * const limit = new Semaphore(10);
 * await joinAll(Array.from({ length: 100 }, () => limit.with(async () => { await sleep(1); })));
 * ```
 */
export class Semaphore {
  declare private readonly shared: Shared;

  /**
   * With so many free permits.
   *
   * @throws RangeError unless `permits` is a non-negative integer of at most 2^53 - 1.
   */
  constructor(permits: number, options?: Named) {
    this.shared = new Shared(checkCount("Semaphore", "permits", permits, 0), options);
  }

  /**
   * Waits for `count` permits. Throws `ClosedError` once the semaphore is closed.
   *
   * **Cancel safety.** Abandoned, it loses its place, and what it had collected goes to the next ones.
   *
   * @throws RangeError unless `count` is a non-negative integer.
   */
  acquire(count: number = 1): Future<SemaphorePermit> {
    return new AcquirePermit(this.shared, checkCount("Semaphore.acquire", "count", count, 0));
  }

  /** Takes `count` permits if they are free and nobody waits for them; never waits. */
  tryAcquire(count: number = 1): Try<SemaphorePermit, "none" | "closed"> {
    checkCount("Semaphore.tryAcquire", "count", count, 0);
    if (this.shared.permits.isClosed) return refused("closed");
    if (this.shared.permits.tryTake(count)) return { ok: true, value: new Permit(this.shared, count) };
    this.shared.handles.awaited();
    return refused("none");
  }

  /**
   * Runs `body` with one permit.
   *
   * **Cancel safety.** Abandoned, it releases once the body has unwound.
   */
  with<R>(body: Body<R>): Future<R> {
    requireBody("Semaphore.with", body);
    return new WithGuard(this.acquire(), body, (): [] => []);
  }

  /**
   * Adds free permits.
   *
   * @throws RangeError past 2^53 - 1 permits.
   */
  addPermits(count: number): void {
    checkCount("Semaphore.addPermits", "count", count, 0);
    const { available } = this.shared.permits;
    if (count > MAX_PERMITS - available) {
      throw new RangeError(
        `Semaphore.addPermits expects at most ${MAX_PERMITS} permits in all, got ${available} and ${count} more`,
      );
    }
    this.shared.permits.give(count);
  }

  /** Removes up to `count` free permits; returns how many. */
  forgetPermits(count: number): number {
    checkCount("Semaphore.forgetPermits", "count", count, 0);
    const forgotten = Math.min(count, this.shared.permits.available);
    this.shared.permits.available -= forgotten;
    return forgotten;
  }

  /** Waiters and later acquires throw `ClosedError`; permits already held stay valid. */
  close(): void {
    this.shared.permits.close();
  }
  /** Whether it was closed: nothing can be acquired any more. */
  get isClosed(): boolean {
    return this.shared.permits.isClosed;
  }
  /** Free permits, not counting those assigned to waiters. */
  get availablePermits(): number {
    return this.shared.permits.available;
  }
}

threadBound(Semaphore, "a Semaphore");

const sample = new Semaphore(1);
pin(sample, sample.acquire(), new Permit(sample["shared"], 1));
