/**
 * The threads of a pool, as the main thread sees them: started when there is work for them, replaced when
 * they die.
 *
 *   ABSENT ──grow──► STARTING ──it says it is ready──► LIVE ──exit, crash, kill, idle for long──► ABSENT
 *      ▲                 │                                                                       │
 *      └─────────────────┴── its incarnation number grows, everybody reclaims what it had ───────┘
 *
 * A thread takes work only after it has begun by itself; nothing is ever assigned to one that may not come.
 */
import { ThreadError } from "../errors.ts";
import type { Transferable } from "../internal/platform.ts";
import { host } from "../runtime/host.ts";
import { startWorker, terminationWaits, type WorkerHandle } from "./backend.ts";
import { graves } from "./graves.ts";
import { bootUrl, THREAD_KEY } from "./boot.ts";
import { KeepAlive } from "./keep-alive.ts";
import {
  ATTENTION,
  CURRENT,
  DEATHS,
  INCARNATION,
  LIVE,
  RESTARTED,
  STAT_RUNNING,
  TENURE,
  TURN,
} from "./layout.ts";
import { obituaryOf, type Obituary } from "./obituary.ts";
import type { PayloadMessage } from "./payload.ts";
import type { SharedMemory } from "./shared-memory.ts";
import type { Threads } from "./submitter.ts";
import { awaitTurn, dismiss } from "./tenure.ts";
import type { FromThread, ThreadStart } from "./thread.ts";

/** So many threads in a row that die before they begin are a reason to give up. */
const MAX_FALSE_STARTS = 3;
/** So long (ms) a thread may take to end itself, where the platform does not wait for the end of one. */
const LEAVE_MS = 100;

/** Those that have threads. */
const fleets: Set<Fleet> = new Set();

interface Life {
  readonly worker: WorkerHandle;
  /** As a holder of locks. */
  readonly number: number;
  readonly incarnation: number;
  isReady: boolean;
  isRetiring: boolean;
  /** Why it is being ended. */
  why: string | undefined;
  error: unknown;
}
export interface FleetOptions {
  readonly name: string;
  readonly idleTimeout: number;
  readonly queue: number;
  readonly resourceLimits: { maxOldGenerationSizeMb?: number } | undefined;
}

export interface FleetOwner {
  /** A thread has died; `name` of what it executed can still be read. */
  reclaim(): void;
  receive(result: PayloadMessage): void;
  wake(): void;
  /** No thread can be started. */
  giveUp(error: () => Error): void;
  currentOf(thread: number): string | undefined;
}

export class Fleet implements Threads {
  readonly #memory: SharedMemory;
  readonly #options: FleetOptions;
  readonly #owner: FleetOwner;
  readonly #lives: (Life | null)[];
  readonly #obituaries: (Obituary | undefined)[] = [];
  readonly #bound: number[];
  #missing: number;
  #falseStarts: number = 0;
  #isClosed: boolean = false;
  /** Keeps the program alive while calls are under way; threads never do. */
  readonly #keepAlive: KeepAlive = new KeepAlive();

  constructor(memory: SharedMemory, options: FleetOptions, owner: FleetOwner) {
    this.#memory = memory;
    this.#options = options;
    this.#owner = owner;
    const { threads } = memory.layout;
    this.#missing = threads;
    this.#lives = Array.from({ length: threads + 1 }, () => null);
    this.#bound = this.#lives.map(() => 0);
    memory.parking.bell = (participant) => {
      this.#lives[participant]?.worker.postMessage(null);
      return true;
    };
  }

  get live(): number {
    return this.#memory.layout.threads - this.#missing;
  }
  /** For whoever looks at the pool from one of its threads. */
  #count(): void {
    Atomics.store(this.#memory.words, LIVE, this.live);
  }

  // ── growing

  grow(thread?: number): void {
    if (this.#isClosed || this.#missing === 0) return;
    if (thread !== undefined) {
      if (this.#lives[thread] === null) this.#start(thread);
      return;
    }
    const absent = this.#lives.indexOf(null, 1);
    if (absent > 0) this.#start(absent);
  }

  #start(self: number): void {
    const { name, idleTimeout, queue, resourceLimits } = this.#options;
    const { buffer, layout } = this.#memory;
    const incarnation = this.#memory.incarnation(self);
    const start: ThreadStart = {
      buffer,
      threads: layout.threads,
      self,
      incarnation,
      idleTimeout,
      queue,
      graves: graves.memory,
    };
    const worker = startWorker(bootUrl, {
      name: `${name} ${self}`,
      workerData: { [THREAD_KEY]: start },
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    const life: Life = {
      worker,
      number: worker.threadId + 1,
      incarnation,
      isReady: false,
      isRetiring: false,
      why: undefined,
      error: undefined,
    };
    graves.register(life.number);
    this.#lives[self] = life;
    this.#missing--;
    this.#count();
    fleets.add(this);
    worker.on("message", (message) => {
      if (message === null) this.#owner.wake();
      else this.#hear(life, message as FromThread);
    });
    worker.on("error", (error) => {
      life.error = error;
    });
    worker.on("exit", (code) => this.#died(self, life, code));
    // After the listeners: the one for messages would keep the program alive again.
    worker.unref();
  }

  #hear(life: Life, message: FromThread): void {
    switch (message.type) {
      case "ready":
        life.isReady = true;
        this.#falseStarts = 0;
        return;
      case "retire":
        life.isRetiring = true;
        void life.worker.terminate();
        return;
      case "grow":
        if (message.thread !== undefined) return this.grow(message.thread);
        while (this.#missing > 0 && !this.#isClosed) this.grow();
        return;
      case "kill":
        return this.kill(message.thread, message.incarnation, message.why);
      case "relay":
        return this.#relay(message.to, message.payload, message.transfer);
      default:
        this.#owner.receive(message);
    }
  }

  #relay(to: number, payload: PayloadMessage, transfer: readonly Transferable[]): void {
    this.send(to, payload, transfer);
  }

  // ── dying

  kill(thread: number, incarnation: number, why: string): void {
    const life = this.#lives[thread];
    if (life === null || life === undefined || life.incarnation !== incarnation) return;
    life.why = why;
    this.#dismiss(thread, life);
    if (terminationWaits) return void life.worker.terminate();
    // What it is at shares memory with its successor, so it should be over before there is one.
    this.#memory.parking.rouse(thread);
    const timer = host.timer(LEAVE_MS, () => {
      if (this.#lives[thread] === life) void life.worker.terminate();
    });
    (timer as { unref?(): void }).unref?.();
  }

  /** From now on it does nothing in the pool, wherever its code may still run. */
  #dismiss(thread: number, life: Life): void {
    const { words, layout } = this.#memory;
    dismiss(words, layout.block(thread) + TENURE, life.incarnation);
  }

  #died(thread: number, life: Life, code: number): void {
    const { words, layout, parking } = this.#memory;
    this.#obituaries[thread] = obituaryOf(
      `thread ${thread} of ${this.#options.name}`,
      this.#owner.currentOf(thread),
      life,
      code,
    );
    this.#lives[thread] = null;
    this.#missing++;
    this.#count();
    if (this.live === 0) fleets.delete(this);
    this.#dismiss(thread, life);
    awaitTurn(words, layout.block(thread) + TURN);
    parking.forget(thread);
    words[layout.block(thread) + STAT_RUNNING] = 0;
    words[layout.block(thread) + CURRENT] = 0;
    Atomics.add(words, layout.block(thread) + INCARNATION, 1);
    graves.bury(life.number);
    for (const fleet of fleets) fleet.#mourn();
    graves.announce();
    if (this.#isClosed) return;
    if (!life.isRetiring) Atomics.add(words, RESTARTED, 1);
    if (!life.isReady && !life.isRetiring && ++this.#falseStarts >= MAX_FALSE_STARTS) {
      this.#falseStarts = 0;
      const { text, exitCode, cause } = this.#obituaries[thread]!;
      this.#owner.giveUp(() => new ThreadError(`no thread could be started: ${text}`, exitCode, { cause }));
      return;
    }
    this.#owner.reclaim();
    this.#owner.wake();
    // What it left, in its ring and its inbox, waits for somebody.
    if (this.#memory.inboxes[thread]!.isDirty || this.#memory.hasWork) this.grow(thread);
  }

  /** Somebody has died, perhaps of another pool: everybody looks what that means for it. */
  #mourn(): void {
    const { words, layout, parking } = this.#memory;
    Atomics.add(words, DEATHS, 1);
    for (let each = 1; each < this.#lives.length; each++) {
      if (this.#lives[each] === null) continue;
      Atomics.store(words, layout.block(each) + ATTENTION, 1);
      parking.rouse(each);
    }
  }

  obituary(thread: number): Obituary {
    return (
      this.#obituaries[thread] ?? { text: `thread ${thread} ended`, exitCode: undefined, cause: undefined }
    );
  }

  /** Ends all threads. */
  async close(why: string): Promise<void> {
    this.#isClosed = true;
    await Promise.all(
      this.#lives.map((life) => {
        if (life === null) return undefined;
        life.why ??= why;
        return life.worker.terminate();
      }),
    );
    this.#keepAlive.end();
  }

  // ── tasks for one thread

  send(thread: number, message: PayloadMessage, transfer: readonly Transferable[]): void {
    if (this.#isClosed) return;
    if (this.#lives[thread] === null) this.#start(thread);
    this.#lives[thread]!.worker.postMessage(message, transfer);
  }

  /** One that sleeps, else one to be started, else the one with the least to do. */
  choose(): number {
    const { words, layout, parking } = this.#memory;
    let best = 1;
    let least = Infinity;
    for (let thread = 1; thread <= layout.threads; thread++) {
      const isAbsent = this.#lives[thread] === null;
      const running = words[layout.block(thread) + STAT_RUNNING]!;
      const load = 2 * this.#bound[thread]! + (isAbsent ? 1 : parking.isAwake(thread) ? 2 : 0) + running;
      if (load < least) [best, least] = [thread, load];
    }
    this.#bound[best]!++;
    return best;
  }
  released(thread: number): void {
    this.#bound[thread]!--;
  }

  busy(isBusy: boolean): void {
    this.#keepAlive.hold(isBusy);
    this.onBusy(isBusy);
  }
  /** Told when calls begin and cease to be under way. */
  onBusy: (isBusy: boolean) => void = () => {};
}
