/**
 * The run queue and the turn.
 *
 * The queue is drained in a microtask. After a bounded number of polls, or about a millisecond, the
 * turn ends and the next one starts from a macrotask, so that I/O and timers are never starved. What
 * yields on purpose (`yieldNow`, an exhausted budget) is set aside until that macrotask, so that it
 * runs after the host has looked at its I/O.
 *
 *   push ─► queue ─► run() ─┬─► done
 *             ▲             └─► pending ── wake() ─┐
 *             └────────────────────────────────────┘
 *   defer ─► deferred ── next macrotask ─► wake()
 *
 * The queue is an intrusive doubly linked list: a task that its joiner runs before its turn is
 * unlinked at no cost, which keeps a tree of tasks depth-first (the skynet row of the bench).
 */
import type { Waker } from "./body.ts";
import type { Clock } from "./clock.ts";
import { host } from "./host.ts";
import { wakeSafely } from "./listeners.ts";

/** The bit of `flags` that is the run queue's. */
export const QUEUED = 1;
/** Operations a runnable may complete before it must let others run. */
export const BUDGET = 128;
const POLLS_PER_TURN = 4096;
const MS_PER_TURN = 1;
/** The clock is read once in this many polls (a power of two). */
const CLOCK_STRIDE = 16;

const IDLE = 0;
const MICRO = 1;
const MACRO = 2;

/**
 * Something the scheduler runs. The links belong to the run queue; subclasses use the other bits of
 * `flags`. Fields are set in constructors, which the engine makes cheaper than initialisers (the
 * spawn rows of the bench).
 */
export abstract class Runnable {
  declare nextRun: Runnable | null;
  declare prevRun: Runnable | null;
  declare flags: number;
  constructor() {
    this.nextRun = null;
    this.prevRun = null;
    this.flags = 0;
  }
  get isQueued(): boolean {
    return (this.flags & QUEUED) !== 0;
  }
  abstract run(): void;
}

export class Scheduler {
  /** Counts macrotask turns: whoever yielded in an earlier turn may go on. */
  turn: number = 0;
  depth: number = 0;
  polls: number = 0;
  forcedYields: number = 0;
  parkCount: number = 0;
  busyMs: number = 0;
  /** Called when the queue has run empty and nothing is deferred. */
  onIdle: (() => void) | null = null;

  /** What is ready, in the order in which it became so. */
  head: Runnable | null = null;
  #tail: Runnable | null = null;
  #deferred: (Waker | undefined)[] = [];
  deferredCount: number = 0;
  /** The other array: the two take turns, so that neither has to grow each time. */
  #spare: (Waker | undefined)[] = [];
  #scheduled: number = IDLE;
  #isDraining: boolean = false;
  #turnPolls: number = 0;
  #turnStart: number = 0;
  readonly clock: Clock;
  readonly #drainMicro: () => void = () => this.#drain();
  readonly #drainMacro: () => void = () => this.#startTurn();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  // #region push
  push(runnable: Runnable): void {
    if (runnable.flags & QUEUED) return;
    runnable.flags |= QUEUED;
    const tail = this.#tail;
    runnable.prevRun = tail;
    if (tail === null) this.head = runnable;
    else tail.nextRun = runnable;
    this.#tail = runnable;
    this.depth++;
    if (this.#scheduled === IDLE && !this.#isDraining) this.schedule(MICRO);
  }
  // #endregion push

  unlink(runnable: Runnable): void {
    if ((runnable.flags & QUEUED) === 0) return;
    const { prevRun, nextRun } = runnable;
    if (prevRun === null) this.head = nextRun;
    else prevRun.nextRun = nextRun;
    if (nextRun === null) this.#tail = prevRun;
    else nextRun.prevRun = prevRun;
    runnable.prevRun = runnable.nextRun = null;
    runnable.flags &= ~QUEUED;
    this.depth--;
  }

  /** Wakes `waker` in the next turn, after the host's I/O and timers. */
  defer(waker: Waker): void {
    this.#deferred[this.deferredCount++] = waker;
    if (this.#scheduled === IDLE && !this.#isDraining) this.schedule(MACRO);
  }

  /** Something is there to run. */
  protected schedule(how: number): void {
    this.#scheduled = how;
    if (how === MICRO) host.microtask(this.#drainMicro);
    else host.macrotask(this.#drainMacro);
  }

  #startTurn(): void {
    this.#turnPolls = 0;
    this.wakeDeferred();
    this.#drain();
  }

  /** Those that have yielded are ready again. */
  wakeDeferred(): void {
    this.turn++;
    const wakers = this.#deferred;
    const count = this.deferredCount;
    this.#deferred = this.#spare;
    this.deferredCount = 0;
    this.#isDraining = true;
    for (let i = 0; i < count; i++) {
      const waker = wakers[i]!;
      wakers[i] = undefined;
      wakeSafely(waker);
    }
    this.#isDraining = false;
    this.#spare = count > 0 && count < wakers.length >> 2 ? [] : wakers;
  }

  // #region drain
  #drain(): void {
    const started = host.now();
    if (this.#turnPolls === 0) this.#turnStart = started;
    this.#isDraining = true;
    this.clock.hold(started);
    let isOver = false;
    while (this.head !== null) {
      if ((++this.#turnPolls & (CLOCK_STRIDE - 1)) === 0) {
        isOver = this.#turnPolls >= POLLS_PER_TURN || host.now() - this.#turnStart > MS_PER_TURN;
        if (isOver) break;
      }
      const runnable: Runnable = this.head;
      this.unlink(runnable);
      this.polls++;
      try {
        runnable.run();
      } catch (error) {
        host.report("millrace: internal error, please report it:", error);
      }
    }
    this.#isDraining = false;
    this.clock.release();
    this.busyMs += host.now() - started;
    this.#scheduled = IDLE;
    if (isOver || this.deferredCount > 0) this.schedule(MACRO);
    else {
      this.parkCount++;
      this.onIdle?.();
    }
  }
  // #endregion drain
}

/** Nothing is ready, and nothing will be at the next turn. */
export function isIdle({ head, deferredCount }: Scheduler): boolean {
  return head === null && deferredCount === 0;
}

/** What could run now, in the order in which it became ready. */
export function* readyIn(scheduler: Scheduler): IterableIterator<Runnable> {
  for (let each = scheduler.head; each !== null; each = each.nextRun) yield each;
}
