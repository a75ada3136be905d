/**
 * A pool whose threads share no memory: the main thread keeps the queue, and gives a thread a call when it
 * has time for one.
 *
 *   QUEUED ──a thread has time──► SENT ──its function waits──► WAITING ──► END
 *     └─drop─► gone                 └──────────────────────────────────────┘
 *
 * It means the same as with shared memory, and costs a message each way. What it cannot do: a function that
 * never waits does not see that it was abandoned (it is ended with its thread, `killAfter` later).
 */
import { CancelledError, ThreadError } from "../errors.ts";
import type { Transferable } from "../internal/platform.ts";
import { host } from "../runtime/host.ts";
import { made, type Attributes, type Resource, type ResourceKind } from "../runtime/resource.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import { startWorker, type WorkerHandle } from "./backend.ts";
import { bootUrl, THREAD_KEY } from "./boot.ts";
import type { Calls } from "./home.ts";
import { KeepAlive } from "./keep-alive.ts";
import { obituaryOf, type Obituary } from "./obituary.ts";
import { othersCome } from "./others.ts";
import {
  packed,
  unpacked,
  type FromPortThread,
  type PortPayload,
  type PortThreadStart,
  type ToPortThread,
} from "./port-messages.ts";
import { mayRepeat, type SubmittedCall } from "./submitted-call.ts";
import type { ThreadPoolMetrics } from "./pool-metrics.ts";
import type { Workshop, WorkshopOptions } from "./workshop.ts";

/** So many threads in a row that die before they begin are a reason to give up. */
const MAX_FALSE_STARTS = 3;

interface Queued {
  readonly call: SubmittedCall;
  readonly args: PortPayload;
  /** The thread that it is for; 0: any. */
  readonly target: number;
}
interface Sent extends Queued {
  readonly life: Life;
  isWaiting: boolean;
}
interface Life {
  readonly thread: number;
  readonly worker: WorkerHandle;
  readonly incarnation: number;
  /** What it was sent. */
  readonly calls: Map<number, Sent>;
  /** What it has called, by its own numbers. */
  readonly made: Map<number, SubmittedCall>;
  isReady: boolean;
  isRetiring: boolean;
  why: string | undefined;
  error: unknown;
  idleTimer: unknown;
}

export class PortWorkshop implements Workshop, Calls {
  readonly resourceKind: ResourceKind = "pool";
  readonly resource: Resource = this;
  readonly submitter: Calls = this;
  readonly threads: number;
  readonly room: WaitQueue;
  closed: (() => Error) | undefined;
  readonly #options: WorkshopOptions;
  readonly #lives: (Life | null)[];
  readonly #queue: Map<SubmittedCall, Queued> = new Map();
  readonly #sent: Map<SubmittedCall, Sent> = new Map();
  readonly #keepAlive: KeepAlive = new KeepAlive();
  #incarnations: number = 0;
  #next: number = 0;
  #completed: number = 0;
  #stolen: number = 0;
  #restarted: number = 0;
  #falseStarts: number = 0;
  #isEnding: boolean = false;

  constructor(options: WorkshopOptions) {
    othersCome();
    this.#options = options;
    this.threads = options.threads;
    this.room = new WaitQueue(options.queue);
    this.#lives = Array.from({ length: options.threads }, () => null);
    made(this, { name: options.name });
  }

  // ── calls

  submit(call: SubmittedCall): void {
    this.#enqueue(call, packed(call.args, call.transfer), 0);
  }
  #enqueue(call: SubmittedCall, args: PortPayload, target: number): void {
    call.slot = this.#next++;
    this.#queue.set(call, { call, args, target });
    this.#keepAlive.hold(true);
    this.#dispatch(call);
  }

  /** @throws DataCloneError when the arguments of `fresh` cannot be sent. */
  #dispatch(fresh?: SubmittedCall): void {
    if (this.#isEnding) return;
    for (const queued of this.#queue.values()) {
      const life = this.#idle(queued.target);
      if (life === undefined) {
        if (queued.target === 0) return;
        continue;
      }
      const { call, args } = queued;
      const { url, position, check, name } = call.entry;
      this.#queue.delete(call);
      const fn = { url, position, check, name };
      try {
        tell(life, { type: "call", id: call.slot, fn, args }, args.moved);
      } catch (error) {
        this.#rest();
        if (call === fresh) throw error;
        call.fail(error, undefined);
        continue;
      }
      if ("from" in call && call.from !== life) this.#stolen++;
      const sent: Sent = { ...queued, life, isWaiting: false };
      this.#sent.set(call, sent);
      life.calls.set(call.slot, sent);
      host.clearTimer(life.idleTimer);
    }
  }
  /** A thread that has time; one is started if all have none. */
  #idle(target: number): Life | undefined {
    const numbers = target > 0 ? [target] : this.#lives.map((_, i) => i + 1);
    const hasTime = (life: Life): boolean =>
      !life.isRetiring &&
      life.why === undefined &&
      [...life.calls.values()].every(({ isWaiting }) => isWaiting);
    for (const number of numbers) {
      const life = this.#lives[number - 1]!;
      if (life !== null && hasTime(life)) return life;
    }
    const absent = numbers.find((number) => this.#lives[number - 1] === null);
    return absent === undefined ? undefined : this.#start(absent);
  }

  abandon(call: SubmittedCall): boolean {
    if (this.#queue.delete(call)) {
      this.#rest();
      return true;
    }
    const sent = this.#sent.get(call);
    if (sent !== undefined) tell(sent.life, { type: "cancel", id: call.slot });
    return false;
  }
  runner(call: SubmittedCall): { readonly thread: number; readonly incarnation: number } | undefined {
    return this.#sent.get(call)?.life;
  }

  #ended(sent: Sent): void {
    this.#sent.delete(sent.call);
    sent.life.calls.delete(sent.call.slot);
    this.#rest();
  }
  /** Nothing is under way any more, perhaps. */
  #rest(): void {
    if (this.isQuiet) this.#keepAlive.hold(false);
  }

  // ── threads

  #start(thread: number): Life {
    const { name, queue, resourceLimits } = this.#options;
    const start: PortThreadStart = { threads: this.threads, self: thread, queue };
    const worker = startWorker(bootUrl, {
      name: `${name} ${thread}`,
      workerData: { [THREAD_KEY]: start },
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    const life: Life = {
      thread,
      worker,
      incarnation: this.#incarnations++,
      calls: new Map(),
      made: new Map(),
      isReady: false,
      isRetiring: false,
      why: undefined,
      error: undefined,
      idleTimer: undefined,
    };
    this.#lives[thread - 1] = life;
    worker.on("message", (message) => this.#hear(life, message as FromPortThread));
    worker.on("error", (error) => {
      life.error = error;
    });
    worker.on("exit", (code) => this.#died(life, code));
    // After the listeners: the one for messages would keep the program alive again.
    worker.unref();
    return life;
  }

  #hear(life: Life, message: FromPortThread): void {
    switch (message.type) {
      case "ready":
        life.isReady = true;
        this.#falseStarts = 0;
        return;
      case "waits": {
        const sent = life.calls.get(message.id);
        if (sent !== undefined) sent.isWaiting = true;
        return this.#dispatch();
      }
      case "end": {
        const sent = life.calls.get(message.id);
        if (sent === undefined) return;
        this.#completed++;
        this.#ended(sent);
        settle(sent.call, message.hasFailed, message.value);
        this.#dispatch();
        return this.#watchIdle(life);
      }
      case "submit":
        return this.#submitFor(life, message);
      case "drop": {
        const call = life.made.get(message.id);
        if (call !== undefined && this.abandon(call))
          call.fail(new CancelledError("the call was abandoned before it started"), undefined);
        return;
      }
      case "kill": {
        const runner = this.#sent.get(life.made.get(message.id)!)?.life;
        if (runner !== undefined) this.kill(runner.thread, runner.incarnation, message.why);
      }
    }
  }

  /** A thread's own call: its outcome is handed on as it comes. */
  #submitFor(life: Life, message: FromPortThread & { readonly type: "submit" }): void {
    const { id, fn, args, isPinned, isIdempotent } = message;
    const answer = (hasFailed: boolean, value: PortPayload, classesOf: string | undefined): void => {
      life.made.delete(id);
      if (this.#lives[life.thread - 1] === life)
        tell(life, { type: "outcome", id, hasFailed, value, classesOf }, value.moved);
    };
    const call: RelayedCall = {
      entry: fn,
      args: [],
      transfer: args.bytes === undefined ? args.moved : undefined,
      isPinned,
      isIdempotent,
      slot: -1,
      from: life,
      settle: () => {},
      fail: (error) => answer(true, packed(error), undefined),
      relay: (hasFailed, value) => answer(hasFailed, value, hasFailed ? fn.url : undefined),
    };
    life.made.set(id, call);
    this.#enqueue(call, args, isPinned ? life.thread : 0);
  }

  kill(thread: number, incarnation: number, why: string): void {
    const life = this.#lives[thread - 1];
    if (life === null || life === undefined || life.incarnation !== incarnation) return;
    life.why = why;
    void life.worker.terminate();
  }

  #watchIdle(life: Life): void {
    const { idleTimeout } = this.#options;
    if (idleTimeout === Infinity || life.calls.size > 0) return;
    host.clearTimer(life.idleTimer);
    life.idleTimer = host.timer(idleTimeout, () => {
      if (life.calls.size > 0 || life.made.size > 0) return;
      life.isRetiring = true;
      void life.worker.terminate();
    });
    (life.idleTimer as { unref?(): void }).unref?.();
  }

  #died(life: Life, code: number): void {
    host.clearTimer(life.idleTimer);
    this.#lives[life.thread - 1] = null;
    const current = [...life.calls.values()].find(({ isWaiting }) => !isWaiting)?.call.entry.name;
    const obituary = obituaryOf(`thread ${life.thread} of ${this.#options.name}`, current, life, code);
    // Nobody waits for what it called.
    for (const call of life.made.values()) this.abandon(call);
    if (this.#isEnding) return;
    if (!life.isRetiring) this.#restarted++;
    if (!life.isReady && !life.isRetiring && ++this.#falseStarts >= MAX_FALSE_STARTS) {
      this.#falseStarts = 0;
      const { text, exitCode, cause } = obituary;
      this.#failAll(() => new ThreadError(`no thread could be started: ${text}`, exitCode, { cause }));
      return;
    }
    for (const sent of life.calls.values()) this.#lost(sent, obituary);
    this.#dispatch();
  }
  /** Its thread died: it runs again, if it may and what it was sent is still here, or fails. */
  #lost(sent: Sent, { text, exitCode, cause }: Obituary): void {
    const { call } = sent;
    this.#ended(sent);
    if (!("from" in call) && mayRepeat(call)) {
      try {
        return this.submit(call);
      } catch (error) {
        // What its caller has done to the arguments since.
        this.#queue.delete(call);
        this.#rest();
        return call.fail(error, undefined);
      }
    }
    const reason = `${text} while it ran ${call.entry.name}`;
    call.fail(new ThreadError(reason, exitCode, cause === undefined ? undefined : { cause }), undefined);
  }

  // ── as the pool sees it

  get isQuiet(): boolean {
    return this.#queue.size + this.#sent.size === 0;
  }
  get #live(): readonly Life[] {
    return this.#lives.filter((life) => life !== null);
  }
  metrics(): ThreadPoolMetrics {
    return {
      threads: this.#live.length,
      queued: this.#queue.size,
      running: this.#sent.size,
      completed: this.#completed,
      stolen: this.#stolen,
      restarted: this.#restarted,
      parked: this.#live.filter(({ calls }) => calls.size === 0).length,
      transport: "messages",
    };
  }
  attributes(): Attributes {
    const { threads: alive, running, queued, completed, stolen, restarted } = this.metrics();
    return { threads: this.threads, running, queued, alive, completed, stolen, restarted };
  }
  cancelQueued(why: string): void {
    this.room.close();
    const queued = [...this.#queue.keys()];
    this.#queue.clear();
    this.#rest();
    for (const call of queued) call.fail(new CancelledError(why), undefined);
  }
  #failAll(error: () => unknown): void {
    const all = [...this.#queue.keys(), ...this.#sent.keys()];
    this.#queue.clear();
    for (const sent of this.#sent.values()) this.#ended(sent);
    this.#rest();
    for (const call of all) call.fail(error(), undefined);
  }
  async end(why: string, error: () => unknown): Promise<void> {
    this.#isEnding = true;
    const ended = this.#live.map((life) => {
      life.why ??= why;
      return life.worker.terminate();
    });
    await Promise.all(ended);
    this.#failAll(error);
    this.#keepAlive.end();
  }
}

/** What a thread has called: its outcome is not looked into here. */
interface RelayedCall extends SubmittedCall {
  readonly from: Life;
  relay(hasFailed: boolean, value: PortPayload): void;
}

function settle(call: SubmittedCall, hasFailed: boolean, value: PortPayload): void {
  if ("from" in call) (call as RelayedCall).relay(hasFailed, value);
  else if (hasFailed) call.fail(unpacked(value), call.entry.url);
  else call.settle(unpacked(value));
}

function tell(life: Life, message: ToPortThread, moved: readonly Transferable[] = []): void {
  life.worker.postMessage(message, moved);
}
