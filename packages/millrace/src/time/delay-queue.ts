/** Values that come out when their delay has passed. */
import { Line, Place } from "../runtime/line.ts";
import { Ring } from "../internal/ring.ts";
import { earliestIn, firstIn, Timer, TimerWheel } from "../internal/timer-wheel.ts";
import { threadBound } from "../internal/thread-bound.ts";
import type { Clock } from "../runtime/clock.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { shown } from "../runtime/argument.ts";
import { checkDeadline, toMs, type Duration } from "../runtime/duration.ts";
import { Future } from "../runtime/future.ts";
import { iterate } from "../runtime/iterate.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { cx } from "../runtime/kernel.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";
import { Alarm, setAlarm } from "./alarm.ts";
import { counted } from "../runtime/counted.ts";

/** Names an entry of a `DelayQueue`. `deadline` is in ms, as `now()` gives. */
export interface DelayKey {
  /** When the entry is due. */
  readonly deadline: number;
}

const WAITING = 0;
const DUE = 1;
const GONE = 2;

class Entry<T> extends Timer implements DelayKey {
  readonly queue: DelayQueue<T>;
  /** `undefined` once it has come out. */
  value: T | undefined;
  deadline: number;
  state: number = WAITING;
  constructor(queue: DelayQueue<T>, value: T, deadline: number) {
    super();
    this.queue = queue;
    this.value = value;
    this.deadline = deadline;
  }
  fire(): void {
    this.state = DUE;
  }
  /** It comes out. Whoever keeps the key does not keep the value. */
  leave(): T | undefined {
    const { value } = this;
    this.state = GONE;
    this.value = undefined;
    return value;
  }
}

class Next<T> extends Future<T | undefined> {
  readonly #queue: DelayQueue<T>;
  #alarm: Alarm | null = null;
  #waiter: Waiter | null = null;
  #place: Place | null = null;

  constructor(queue: DelayQueue<T>) {
    super();
    this.#queue = queue;
  }

  poll(waker: Waker): Poll<T | undefined> {
    if (!mayProceed(waker)) return PENDING;
    const { waiters, line, clock } = partsOf(this.#queue);
    const isDue = hasDue(this.#queue);
    if (isDue && !line.isEmpty && !line.isTurnOf((this.#place ??= new Place()), waker)) return PENDING;
    if (isDue || this.#queue.size === 0) {
      cx.budget--;
      this.drop();
      return takeDue(this.#queue)?.leave();
    }
    line.enter((this.#place ??= new Place()));
    if (this.#waiter?.isWaiting) this.#waiter.waker = waker;
    else this.#waiter = waiters.enter(1, waker);
    this.#alarm ??= new Alarm(waker);
    this.#alarm.waker = waker;
    setAlarm(this.#alarm, clock, earliestOf(this.#queue));
    return PENDING;
  }

  override drop(): void {
    const { waiters, line, clock } = partsOf(this.#queue);
    line.leave(this.#place);
    if (this.#waiter === null) return;
    if (this.#alarm !== null) clock.cancel(this.#alarm);
    waiters.abandon(this.#waiter);
    this.#waiter = null;
  }

  override get waitedClock(): object {
    return partsOf(this.#queue).clock;
  }
  override describeWait(): string {
    return `the next of ${counted(this.#queue.size, "delayed value")}`;
  }
}

// Doors into the class for the modules that share its internals.
let hasDue: <T>(queue: DelayQueue<T>) => boolean;
let takeDue: <T>(queue: DelayQueue<T>) => Entry<T> | undefined;
let earliestOf: <T>(queue: DelayQueue<T>) => number;
let partsOf: <T>(queue: DelayQueue<T>) => Parts;

interface Parts {
  readonly waiters: WaitQueue;
  readonly line: Line;
  readonly clock: Clock;
}

interface QueueTime {
  readonly clock: Clock;
  /** What is not due yet. */
  readonly wheel: TimerWheel;
}

function timeOf(clock: Clock): QueueTime {
  return { clock, wheel: new TimerWheel(Math.floor(clock.now())) };
}

/**
 * Values that come out when their delay has passed, in order of deadline. Inserting, removing and
 * resetting are O(1), whatever the number of entries.
 *
 * @example
 * ```ts
 * import { DelayQueue } from "millrace";
 *
 * const sessions = new DelayQueue<string>();
 * const key = sessions.insert("alice", 20);
 * sessions.insert("bob", 10);
 * sessions.reset(key, 5); // alice was seen again
 * for await (const expired of sessions) console.log(expired); // alice, bob
 * ```
 */
export class DelayQueue<T> implements AsyncIterable<T> {
  #boundTime: QueueTime | null = null;
  readonly #due: Ring<Entry<T>> = new Ring();
  readonly #waiters: WaitQueue = new WaitQueue(0);
  readonly #line: Line = new Line();
  #size: number = 0;

  /**
   * Puts in a value that comes out after `delay` (ms).
   *
   * @throws RangeError when the delay (ms) is negative or NaN.
   */
  insert(value: T, delay: Duration): DelayKey {
    return this.insertAt(value, this.#time.clock.now() + toMs("DelayQueue.insert", delay));
  }
  /** One whose deadline has passed comes out at the next poll. */
  insertAt(value: T, deadline: number): DelayKey {
    const entry = new Entry(this, value, checkDeadline("DelayQueue.insertAt", deadline));
    this.#size++;
    this.#place(entry);
    return entry;
  }

  /** Takes the value out; `undefined` when it has already come out. */
  remove(key: DelayKey): T | undefined {
    const entry = this.#own("remove", key);
    if (entry.state === GONE) return undefined;
    this.#time.wheel.remove(entry);
    this.#shrink(1);
    return entry.leave();
  }

  /**
   * Gives the entry a new delay from now (ms).
   *
   * @throws RangeError when the value has already come out, or the delay is negative or NaN.
   */
  reset(key: DelayKey, delay: Duration): void {
    const ms = toMs("DelayQueue.reset", delay);
    const old = this.#own("reset", key);
    if (old.state === GONE)
      throw new RangeError("DelayQueue.reset of a key whose value has already come out");
    this.#time.wheel.remove(old);
    if (old.state === DUE) this.#withdraw(old);
    old.deadline = this.#time.clock.now() + ms;
    this.#place(old);
  }

  /** The key of the next value, expired or not; the value stays. */
  peek(): DelayKey | undefined {
    this.#collect();
    this.#skipGone();
    return this.#due.peek() ?? (firstIn(this.#time.wheel) as Entry<T> | null) ?? undefined;
  }

  /** Takes everything out. */
  clear(): void {
    for (
      let entry = firstIn(this.#time.wheel) as Entry<T> | null;
      entry !== null;
      entry = firstIn(this.#time.wheel) as Entry<T> | null
    ) {
      this.#time.wheel.remove(entry);
      entry.leave();
    }
    for (const entry of this.#due) entry.leave();
    this.#due.clear();
    this.#shrink(this.#size);
  }

  /**
   * The next value that is due, `undefined` when the queue is empty.
   *
   * **Cancel safety.** Abandoning it takes nothing out.
   */
  next(): Future<T | undefined> {
    return new Next(this);
  }

  /** Values in it, due or not. */
  get size(): number {
    return this.#size;
  }

  /** The values as they fall due, until the queue is empty. */
  [Symbol.asyncIterator](): AsyncIterator<T> {
    return iterate(() => this.next());
  }

  /** The time of the runtime that uses the queue first, which may have been made outside of it. */
  get #time(): QueueTime {
    return (this.#boundTime ??= timeOf(ambientKernel().clock));
  }

  #place(entry: Entry<T>): void {
    const now = this.#time.clock.now();
    // What has fallen due meanwhile comes before one that is due now.
    this.#collect();
    if (entry.deadline <= now) {
      entry.state = DUE;
      this.#due.push(entry);
    } else {
      entry.state = WAITING;
      this.#time.wheel.insert(entry, Math.ceil(entry.deadline));
    }
    // Whoever waits looks again: this one may come first.
    this.#waiters.grantAll();
  }

  #own(caller: string, key: DelayKey): Entry<T> {
    if (key instanceof Entry && key.queue === this) return key as Entry<T>;
    const got = key instanceof Entry ? "one of another queue" : shown(key);
    throw new TypeError(`DelayQueue.${caller} expects a key that this queue's insert gave, got ${got}`);
  }

  #withdraw(entry: Entry<T>): void {
    const rest = [...this.#due].filter((each) => each !== entry);
    this.#due.clear();
    for (const each of rest) this.#due.push(each);
  }

  #collect(): void {
    this.#time.wheel.advance(Math.floor(this.#time.clock.now()));
    for (let entry = this.#time.wheel.popExpired(); entry !== null; entry = this.#time.wheel.popExpired()) {
      entry.fire();
      this.#due.push(entry as Entry<T>);
    }
  }

  #skipGone(): void {
    while (this.#due.peek()?.state === GONE) this.#due.shift();
  }

  #hasDue(): boolean {
    this.#collect();
    this.#skipGone();
    return this.#due.peek() !== undefined;
  }
  #takeDue(): Entry<T> | undefined {
    const entry = this.#due.shift();
    if (entry === undefined) return undefined;
    this.#shrink(1);
    return entry;
  }

  #shrink(count: number): void {
    this.#size -= count;
    if (this.#size === 0) this.#waiters.grantAll();
  }

  static {
    hasDue = (queue) => queue.#hasDue();
    takeDue = (queue) => queue.#takeDue();
    earliestOf = (queue) => earliestIn(queue.#time.wheel);
    partsOf = (queue) => ({ waiters: queue.#waiters, line: queue.#line, clock: queue.#time.clock });
  }
}

threadBound(DelayQueue, "a DelayQueue");
