/** Many readers or one writer. */
import { marksHeld } from "../runtime/held.ts";
import { pin } from "../internal/pin.ts";
import { ClosedError } from "../errors.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { PENDING, SUSPENDED, type Poll, type Suspend } from "../runtime/body.ts";
import { Acquire } from "../runtime/acquire.ts";
import { requireOptions, shown } from "../runtime/argument.ts";
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

/** The most readers there can be at once, and how many there can be by default. */
const MAX_READERS = 0x1fff_ffff;

/** Held with other readers. Releasing and disposing are idempotent; any other use after that throws `ClosedError`. */
export interface ReadGuard<T> extends Disposable {
  /** What the lock guards; not to be changed. */
  readonly value: T;
  /** Gives the lock back. */
  release(): void;
}

/** Held alone. Releasing and disposing are idempotent; any other use after that throws `ClosedError`. */
export interface WriteGuard<T> extends Disposable {
  /** What the lock guards. */
  value: T;
  /** Gives the lock back. */
  release(): void;
  /** Admits readers, no writer in between. This guard is then used up. */
  downgrade(): ReadGuard<T>;
}

/** The value and its permits: a reader takes one, a writer takes all. */
class Guarded<T> implements Resource {
  declare readonly permits: WaitQueue;
  declare readonly maxReaders: number;
  /** The guards that are held. */
  declare readonly handles: Handles;
  declare value: T;
  constructor(value: T, maxReaders: number, options?: Named) {
    this.permits = new WaitQueue(maxReaders);
    this.maxReaders = maxReaders;
    this.handles = new Handles();
    this.value = value;
    made(this, options);
  }
  get resourceKind(): ResourceKind {
    return "rwlock";
  }
  attributes(): Attributes {
    return { free: this.permits.available, maxReaders: this.maxReaders, waiting: this.permits.waiting };
  }
}

const READING: HandleKind<Guarded<unknown>> = {
  what: "a read guard of an RwLock",
  release: ({ permits }) => permits.give(1),
};
const WRITING: HandleKind<Guarded<unknown>> = {
  what: "a write guard of an RwLock",
  release: ({ permits, maxReaders }) => permits.give(maxReaders),
};

class Reading<T> extends Handle implements ReadGuard<T> {
  /** Null once released. */
  declare private guarded: Guarded<T> | null;
  constructor(guarded: Guarded<T>) {
    super();
    this.guarded = guarded;
    guarded.handles.opened(this, !guarded.permits.isEmpty);
  }
  makeRemains(): Remains {
    return new Remains(READING, this.guarded!);
  }
  get value(): T {
    if (this.guarded === null) throw released("ReadGuard.value");
    return this.guarded.value;
  }
  release(): void {
    const { guarded } = this;
    if (guarded === null) return;
    this.guarded = null;
    guarded.handles.closed(this);
    guarded.permits.give(1);
  }
  [Symbol.dispose](): void {
    this.release();
  }
}
marksHeld(Reading);

class Writing<T> extends Handle implements WriteGuard<T> {
  /** Null once released. */
  declare private guarded: Guarded<T> | null;
  constructor(guarded: Guarded<T>) {
    super();
    this.guarded = guarded;
    guarded.handles.opened(this, !guarded.permits.isEmpty);
  }
  makeRemains(): Remains {
    return new Remains(WRITING, this.guarded!);
  }
  get value(): T {
    if (this.guarded === null) throw released("WriteGuard.value");
    return this.guarded.value;
  }
  set value(value: T) {
    if (this.guarded === null) throw released("WriteGuard.value");
    this.guarded.value = value;
  }
  release(): void {
    const { guarded } = this;
    if (guarded === null) return;
    this.guarded = null;
    guarded.handles.closed(this);
    guarded.permits.give(guarded.maxReaders);
  }
  downgrade(): ReadGuard<T> {
    const { guarded } = this;
    if (guarded === null) throw released("WriteGuard.downgrade");
    this.guarded = null;
    guarded.handles.closed(this);
    const reading = new Reading(guarded);
    guarded.permits.give(guarded.maxReaders - 1);
    return reading;
  }
  [Symbol.dispose](): void {
    this.release();
  }
}
marksHeld(Writing);

abstract class Enter<T, G extends { release(): void }> extends Acquire<G> {
  declare protected readonly guarded: Guarded<T>;
  constructor(guarded: Guarded<T>) {
    super();
    this.guarded = guarded;
  }
  protected get queue(): WaitQueue {
    return this.guarded.permits;
  }
  override futureNow(): Poll<G> {
    return this.takesAtOnce(this.guarded.permits, this.need) ? this.granted() : PENDING;
  }
  override get wouldWait(): boolean {
    return this.findsNothing(this.guarded.permits, this.need);
  }
  override next(): IteratorResult<Suspend, G> {
    const { permits } = this.guarded;
    if (this.takesNow(permits, this.need)) return { done: true, value: this.granted() };
    return this.waits(permits, this.need) ? SUSPENDED : super.next();
  }
  protected override entered(): void {
    this.guarded.handles.awaited();
  }
  override get waitedResource(): Resource {
    return this.guarded;
  }
  protected closed(): never {
    throw new ClosedError("a read-write lock is never closed");
  }
  override giveBack(guard: G): void {
    guard.release();
  }
}

class Read<T> extends Enter<T, ReadGuard<T>> {
  protected granted(): ReadGuard<T> {
    return new Reading(this.guarded);
  }
  override describeWait(): string {
    return `read on ${label(this.guarded, "a read-write lock")}`;
  }
}

class Write<T> extends Enter<T, WriteGuard<T>> {
  protected override get need(): number {
    return this.guarded.maxReaders;
  }
  protected granted(): WriteGuard<T> {
    return new Writing(this.guarded);
  }
  override describeWait(): string {
    return `write on ${label(this.guarded, "a read-write lock")}`;
  }
}

/**
 * Guards a value: many may read at once, one may write alone. FIFO and write-preferring: a queued writer
 * holds back later readers, so that writers are not starved; a reader that locks again while a writer
 * waits therefore waits for ever.
 *
 * Which lock should I use? Most code needs none: what runs between two waits is never interrupted. A
 * `Mutex` unless reading takes long and is common; `watch` to show the latest value without locking.
 *
 * **Cancel safety.** An abandoned `read` or `write` loses its place; readers that an abandoned writer
 * held back go on.
 *
 * @example
 * ```ts
 * import { RwLock } from "millrace";
 *
 * const settings = new RwLock({ retries: 3 });
 * {
 *   using guard = await settings.write();
 *   guard.value = { retries: 5 };
 * }
 * using guard = await settings.read();
 * console.log(guard.value.retries); // 5
 * ```
 */
export class RwLock<T = undefined> {
  declare private readonly guarded: Guarded<T>;

  /**
   * `value` is what it guards, `maxReaders` how many may read at once.
   *
   * @throws RangeError unless `maxReaders` is an integer from 1 to 2^29 - 1 (the default).
   */
  constructor(value?: T, options: { maxReaders?: number; name?: string } = {}) {
    const { maxReaders = MAX_READERS } = requireOptions("RwLock", options, "{ maxReaders: 10 }");
    if (!Number.isInteger(maxReaders) || maxReaders < 1 || maxReaders > MAX_READERS) {
      throw new RangeError(
        `RwLock expects maxReaders to be an integer from 1 to ${MAX_READERS}, got ${shown(maxReaders)}`,
      );
    }
    // Without a value T is undefined.
    this.guarded = new Guarded(value as T, maxReaders, options);
  }

  /**
   * Waits until nobody writes, and no earlier writer waits.
   *
   * **Cancel safety.** Abandoned, it loses its place and leaves no trace.
   */
  read(): Future<ReadGuard<T>> {
    return new Read(this.guarded);
  }
  /**
   * Waits until everybody else is gone.
   *
   * **Cancel safety.** Abandoned, it loses its place, and those it held back go on.
   */
  write(): Future<WriteGuard<T>> {
    return new Write(this.guarded);
  }
  /** `undefined` while written, and while a writer waits. */
  tryRead(): ReadGuard<T> | undefined {
    if (this.guarded.permits.tryTake(1)) return new Reading(this.guarded);
    this.guarded.handles.awaited();
    return undefined;
  }
  /** `undefined` while anybody reads or writes, or waits to. */
  tryWrite(): WriteGuard<T> | undefined {
    if (this.guarded.permits.tryTake(this.guarded.maxReaders)) return new Writing(this.guarded);
    this.guarded.handles.awaited();
    return undefined;
  }
}

threadBound(RwLock, "an RwLock");

function released(what: string): ClosedError {
  return new ClosedError(`${what} of a guard that was already released`);
}

const sample = new RwLock();
pin(sample, sample.read(), sample.write(), sample.tryRead()!, new RwLock().tryWrite()!);
