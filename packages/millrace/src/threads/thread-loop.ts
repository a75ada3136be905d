/**
 * What a thread of the pool does all day: find work, run it, and sleep when there is none.
 *
 *   RUN ──nothing──► SEARCH (spin) ──► ONE HOST TURN ──nothing asynchronous──► BLOCKED, at most 50 ms ─┐
 *    ▲                   │                  │                                                        │
 *    │                   │                  └──tasks, timers, sockets──► IDLE in the event loop ◄────┘
 *    └────── found ──────┴──────────────────── woken ────────────────────────┘
 *
 * A thread with anything asynchronous under way must not block, or its timers and sockets would starve.
 * It is known by what keeps the event loop alive being what it was before any work; a timer that keeps
 * nothing alive is seen 50 ms late, once.
 */
import { host } from "../runtime/host.ts";
import { activeResources } from "./backend.ts";
import { graves } from "./graves.ts";
import { ATTENTION, DEATHS, SEQUENCE, STAT_STOLEN } from "./layout.ts";
import { BLOCKED, IDLE } from "./parking.ts";
import { SpinBudget } from "./spin-budget.ts";
import type { SharedMemory } from "./shared-memory.ts";
import type { Submitter } from "./submitter.ts";
import type { TaskRunner } from "./task-runner.ts";

/** Then the event loop gets a turn, however much work there is. */
const MS_PER_TURN = 2;
const BLOCK_MS = 50;
/** How often a thread that imports a module looks whether it has. */
const IMPORT_LOOK_MS = 1;
/** Looks at the clock once in this many looks for work. */
const SPIN_STRIDE = 16;

export class ThreadLoop {
  readonly #memory: SharedMemory;
  readonly #self: number;
  readonly #runner: TaskRunner;
  readonly #submitter: Submitter;
  readonly #spin: SpinBudget;
  readonly #idleTimeout: number;
  readonly #retire: () => void;
  #baseline: number = 0;
  #isScheduled: boolean = false;
  #isSearching: boolean = false;
  #owesWaking: boolean = false;
  /** The last turn found nothing to do. */
  #isQuiet: boolean = false;
  /** It has said that it wants to be ended: nothing is begun any more. */
  #isOver: boolean = false;
  #idleSince: number = -1;
  #hasBlocked: boolean = false;
  #hasSlept: boolean = false;
  #sleep: Promise<unknown> | null = null;
  /** Whatever died before this thread began may have taken something along. */
  #deaths: number = -1;
  #victim: number = 0;
  readonly #turn: () => void = () => {
    this.#isScheduled = false;
    if (this.#isOver) return;
    const { tenure } = this.#memory;
    tenure.begin();
    this.#run();
    tenure.end();
  };

  constructor(
    memory: SharedMemory,
    self: number,
    runner: TaskRunner,
    submitter: Submitter,
    idleTimeout: number,
    retire: () => void,
  ) {
    this.#memory = memory;
    this.#spin = new SpinBudget(memory.parking.hasCores);
    this.#self = self;
    this.#runner = runner;
    this.#submitter = submitter;
    this.#idleTimeout = idleTimeout;
    this.#retire = retire;
  }

  start(): void {
    this.#baseline = activeResources();
    this.wake();
  }

  /** Something came that the loop should look at. */
  wake(): void {
    if (this.#isScheduled || this.#isOver) return;
    this.#isScheduled = true;
    host.macrotask(this.#turn);
  }

  #run(): void {
    this.#memory.parking.rise(this.#self);
    const started = host.now();
    let stride = 8;
    for (let count = 1; ; count++) {
      if (this.#attend()) return this.#giveTurn();
      const slot = this.#find();
      if (slot < 0) {
        if (this.#search(started)) continue;
        break;
      }
      this.#found();
      this.#runner.run(slot);
      if (count % stride !== 0) continue;
      const spent = host.now() - started;
      if (spent > MS_PER_TURN) return this.#giveTurn();
      if (spent > 0.5) stride = 1;
    }
    this.#nothing();
  }

  /** The event loop's turn, in which anything may run: while it lasts nobody should count on this thread. */
  #giveTurn(): void {
    this.#endSearch();
    this.wake();
  }

  /** Results for this thread's own calls, cancellations, deaths. True when the event loop must go on with them. */
  #attend(): boolean {
    const { words, layout } = this.#memory;
    const attention = layout.block(this.#self) + ATTENTION;
    let isUrgent = false;
    if (words[attention] !== 0 && Atomics.exchange(words, attention, 0) !== 0) {
      this.#runner.cancelAbandoned();
      isUrgent = true;
    }
    const deaths = Atomics.load(words, DEATHS);
    if (deaths !== this.#deaths) {
      this.#deaths = deaths;
      this.#submitter.reclaim();
      graves.announce();
      isUrgent = true;
    }
    if (this.#submitter.hasResults) {
      this.#submitter.drain();
      isUrgent = true;
    }
    return isUrgent;
  }

  #find(): number {
    const { inboxes, rings, layout } = this.#memory;
    const inbox = inboxes[this.#self]!;
    if (inbox.isDirty) this.#takeInbox();
    if (this.#pinned.length > 0) return this.#pinned.shift()!;
    let slot = rings[this.#self]!.take();
    // What would only wait for an import here is left to others, and shares no fate with this thread.
    if (slot >= 0 || this.#runner.isImporting) return slot;
    slot = rings[0]!.take();
    if (slot >= 0) return slot;
    for (let i = 0; i < layout.threads; i++) {
      const victim = (this.#victim++ % layout.threads) + 1;
      if (victim === this.#self || rings[victim]!.isEmpty) continue;
      slot = rings[victim]!.stealHalf(rings[this.#self]!);
      if (slot < 0) continue;
      this.#memory.words[layout.block(this.#self) + STAT_STOLEN]!++;
      return slot;
    }
    return -1;
  }

  #pinned: number[] = [];
  #takeInbox(): void {
    const { words, layout } = this.#memory;
    const sequence = (slot: number): number => words[layout.slot(slot) + SEQUENCE]!;
    const slots: number[] = [];
    this.#memory.inboxes[this.#self]!.take(slots);
    this.#pinned.push(...slots);
    this.#pinned.sort((a, b) => sequence(a) - sequence(b));
  }

  #found(): void {
    if (this.#idleSince >= 0) {
      const now = host.now();
      this.#spin.learn(now, now - this.#idleSince, this.#hasSlept);
      this.#idleSince = -1;
    }
    this.#isQuiet = this.#hasBlocked = this.#hasSlept = false;
    this.#endSearch();
    if (!this.#owesWaking) return;
    this.#owesWaking = false;
    if (this.#memory.hasWork) this.#memory.parking.wakeOne();
  }

  /** What was published meanwhile woke nobody: the next that is found wakes one more. */
  #endSearch(): void {
    if (!this.#isSearching) return;
    this.#isSearching = false;
    this.#owesWaking = true;
    this.#memory.parking.endSearch(this.#self);
  }

  get #hasAnything(): boolean {
    const { words, layout, inboxes } = this.#memory;
    return (
      this.#memory.hasWork ||
      inboxes[this.#self]!.isDirty ||
      this.#submitter.hasResults ||
      Atomics.load(words, layout.block(this.#self) + ATTENTION) !== 0 ||
      Atomics.load(words, DEATHS) !== this.#deaths
    );
  }

  /** There is no work: looks for some, for a while. True when something came. */
  #search(started: number): boolean {
    const now = host.now();
    if (this.#idleSince < 0) this.#idleSince = now;
    if (this.#hasSlept || this.#runner.waiting > 0) return false;
    const until = Math.min(this.#lookUntil, started + MS_PER_TURN);
    if (now >= until) return false;
    this.#isSearching ||= this.#memory.parking.beginSearch(this.#self);
    if (!this.#isSearching) return false;
    for (let i = 1; ; i++) {
      if (this.#hasAnything) return true;
      if (i % SPIN_STRIDE === 0 && host.now() > Math.min(until, this.#lookUntil)) return false;
    }
  }
  get #lookUntil(): number {
    return this.#idleSince + this.#memory.parking.timeToLook(this.#spin.budget);
  }

  /** Nothing came. */
  #nothing(): void {
    if (this.#runner.isImporting) return this.#awaitImport();
    const mayLookOn = this.#isSearching || this.#runner.waiting > 0;
    this.#endSearch();
    if (mayLookOn && !this.#hasSlept && host.now() < this.#lookUntil) return this.wake();
    if (!this.#isQuiet) {
      // Promises that a function left behind, and what came for the event loop.
      this.#isQuiet = true;
      return this.wake();
    }
    const isAsynchronous = this.#runner.waiting > 0 || activeResources() > this.#baseline;
    if (isAsynchronous || this.#hasBlocked) return this.#idle();
    this.#hasBlocked = this.#block();
    this.#hasSlept = true;
    this.wake();
  }

  /** Nothing is taken from others meanwhile, and nobody should count on this thread. */
  #awaitImport(): void {
    this.#endSearch();
    host.timer(IMPORT_LOOK_MS, () => this.wake());
  }

  #announce(how: typeof BLOCKED | typeof IDLE): boolean {
    const { parking } = this.#memory;
    parking.announce(this.#self, how);
    if (!this.#hasAnything) return true;
    parking.rise(this.#self);
    return false;
  }

  /** True when nothing came. */
  #block(): boolean {
    if (!this.#announce(BLOCKED)) return false;
    const { parking, tenure } = this.#memory;
    const turns = tenure.pause();
    parking.block(this.#self, BLOCK_MS);
    tenure.resume(turns);
    const wasWoken = parking.isAwake(this.#self);
    parking.rise(this.#self);
    return !wasWoken;
  }

  #idle(): void {
    if (!this.#announce(IDLE)) return this.wake();
    this.#hasSlept = true;
    const { parking } = this.#memory;
    if (this.#sleep === null) {
      const sleep = parking.idle(this.#self);
      if (sleep === undefined) return this.wake();
      this.#sleep = sleep;
      void sleep.then(() => {
        this.#sleep = null;
        this.wake();
      });
    }
    if (this.#idleTimeout !== Infinity) this.#watchIdle();
  }

  #idleTimer: unknown = undefined;
  #watchIdle(): void {
    if (this.#idleTimer !== undefined) return;
    const timer = host.timer(this.#idleTimeout, () => {
      this.#idleTimer = undefined;
      const { tenure } = this.#memory;
      tenure.begin();
      this.#lookIdle();
      tenure.end();
    });
    (timer as { unref?(): void }).unref?.();
    this.#idleTimer = timer;
  }
  #lookIdle(): void {
    const { parking } = this.#memory;
    const isIdle = this.#runner.waiting === 0 && this.#submitter.inFlight === 0;
    if (!isIdle || parking.isAwake(this.#self)) return this.wake();
    if (host.now() - this.#idleSince < this.#idleTimeout) return this.#watchIdle();
    // From here on nobody can wake it.
    parking.rise(this.#self);
    if (this.#hasAnything) return this.wake();
    this.#isOver = true;
    this.#retire();
  }
}
