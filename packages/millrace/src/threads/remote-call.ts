/**
 * The future of one call on a thread.
 *
 *   NEW ──poll──► WAITING for room ──► SUBMITTED ──► SETTLED
 *    │                  │                  └─drop─► ABANDONED: queued, it is over; running, it is told, and
 *    └──────drop────────┴─► never runs              whoever dropped it waits for its end (`killAfter`)
 */
import { CancelledError, ThreadError } from "../errors.ts";
import type { Transferable } from "../internal/platform.ts";
import type { FindClass } from "../internal/error-envelope.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { shield } from "../runtime/call.ts";
import { atCaller } from "../runtime/caller-line.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { abandon, Future } from "../runtime/future.ts";
import { Operation } from "../runtime/operation.ts";
import { host } from "../runtime/host.ts";
import { cx, type Kernel } from "../runtime/kernel.ts";
import type { Resource } from "../runtime/resource.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { mayLookAtClock } from "./call-clock.ts";
import { errorClassesOf, thrownBy } from "./error-classes.ts";
import type { FunctionEntry } from "./function-table.ts";
import { engineFor, home, type Engine } from "./home.ts";
import type { SubmittedCall } from "./submitted-call.ts";
import { importing } from "./thread-functions.ts";
import type { Waiter } from "../runtime/wait-queue.ts";
import { NEVER_STARTED } from "./workshop.ts";

export interface CallOptions {
  readonly engine?: (() => Engine) | undefined;
  readonly transfer?: readonly Transferable[] | undefined;
  readonly isPinned: boolean;
  readonly isIdempotent: boolean;
  /** In ms. */
  readonly killAfter: number;
  /** The module whose error classes its failures may have, if not the function's own. */
  readonly errorsOf?: string | undefined;
}

const NEW = 0;
const WAITING = 1;
const SUBMITTED = 2;
const FULFILLED = 3;
const REJECTED = 4;
const ABANDONED = 5;

/**
 * Keeping the stack of a call costs as much as several calls (the round-trip row of the bench), and is for
 * nothing unless it fails. So it is kept once in so many ms: seldom while a function has never failed.
 */
const STACK_EVERY = 5;
const STACK_EVERY_IF_FAILING = 0.1;
let lastStack = -Infinity;
const failing: WeakSet<FunctionEntry> = new WeakSet();
/** Failures whose caller is still to be found: of `parMap`, and of results that cannot be copied. */
const unplaced: WeakSet<object> = new WeakSet();

function isStackDue(entry: FunctionEntry): boolean {
  const now = host.now();
  const ms = now - lastStack;
  if (ms <= STACK_EVERY_IF_FAILING || (ms <= STACK_EVERY && !failing.has(entry))) return false;
  lastStack = now;
  return true;
}

export class RemoteCall<R> extends Operation<R> implements SubmittedCall {
  declare readonly entry: FunctionEntry;
  declare readonly args: readonly unknown[];
  declare slot: number;
  declare private readonly options: CallOptions;
  declare private state: number;
  declare private result: unknown;
  declare private waker: Waker | null;
  declare private kernel: Kernel | null;
  declare private engine: Engine | null;
  declare private waiter: Waiter | null;
  declare private callStack: { stack?: string } | null;
  /** Called when it has ended after it was abandoned. */
  declare private onEnd: (() => void) | null;

  constructor(entry: FunctionEntry, args: readonly unknown[], options: CallOptions) {
    super();
    this.slot = -1;
    this.state = NEW;
    this.result = undefined;
    this.waker = null;
    this.kernel = null;
    this.engine = null;
    this.waiter = null;
    this.callStack = null;
    this.onEnd = null;
    this.entry = entry;
    this.args = args;
    this.options = options;
    // (Of a call that is a part of `parMap`, the stack is the library's own.)
    if (options.errorsOf === undefined && mayLookAtClock() && isStackDue(entry)) {
      this.callStack = {};
      (Error as { captureStackTrace?(target: object, above: unknown): void }).captureStackTrace?.(
        this.callStack,
        RemoteCall,
      );
    }
  }

  get transfer(): readonly Transferable[] | undefined {
    return this.options.transfer;
  }
  get isPinned(): boolean {
    return this.options.isPinned;
  }
  get isIdempotent(): boolean {
    return this.options.isIdempotent;
  }

  poll(waker: Waker): Poll<R> {
    // Whoever polls suspends, and the event loop's turn goes on.
    if (this.state === NEW) this.start(true);
    switch (this.state) {
      case FULFILLED:
        if (!mayProceed(waker)) return PENDING;
        cx.budget--;
        return this.result as R;
      case REJECTED:
        throw unplaced.delete(this.result as object)
          ? atCaller(this.result, this, "next", true)
          : this.result;
      default:
        this.waker = waker;
        return PENDING;
    }
  }

  /** Submits it, if there is room. */
  start(mayDefer: boolean = false): void {
    try {
      const kernel = (this.kernel ??= ambientKernel());
      const engine = (this.engine ??= this.options.engine?.() ?? engineFor(kernel));
      if (engine.closed !== undefined)
        throw this.waiter === null ? engine.closed() : new CancelledError(NEVER_STARTED);
      if (home.engine !== null && importing.has(this.entry.url)) throw calledTooEarly(this.entry);
      if (this.waiter === null && !engine.room.tryTake(1)) {
        this.state = WAITING;
        this.waiter = engine.room.enter(1, { wake: () => this.start() });
        return;
      }
      if (this.waiter !== null) engine.room.take(this.waiter);
      this.waiter = null;
      this.state = SUBMITTED;
      kernel.foreign++;
      try {
        engine.submitter.submit(this, mayDefer);
      } catch (error) {
        this.release();
        throw error;
      }
    } catch (error) {
      // Whoever called is on the stack, or awaits it; unless it had to wait for room.
      this.result = this.state === WAITING ? error : atCaller(error, this, mayDefer ? "next" : "start");
      this.waiter = null;
      this.state = REJECTED;
      this.waker?.wake();
    }
  }

  /** It holds room, and a paused clock, no more. */
  private release(): void {
    this.engine!.room.give(1);
    this.kernel!.foreignDone();
  }

  settle(value: unknown): void {
    this.finish(FULFILLED, value);
  }

  fail(error: unknown, classesOf: string | undefined): void {
    if (classesOf === undefined) return this.finish(REJECTED, error);
    failing.add(this.entry);
    const { stack } = this.callStack ?? {};
    const callStack = stack?.replace(/^Error.*\n/, "");
    const known = errorClassesOf(this.options.errorsOf ?? classesOf, error);
    const failed = (find: FindClass): void => {
      const thrown = thrownBy(error, callStack, find);
      if (callStack === undefined && thrown instanceof Error) {
        const isMistake = thrown.name === "DataCloneError";
        if (isMistake || this.options.errorsOf !== undefined) unplaced.add(thrown);
      }
      this.finish(REJECTED, thrown);
    };
    if (known instanceof Promise) void known.then(failed);
    else failed(known);
  }

  private finish(state: number, result: unknown): void {
    const wasAbandoned = this.state === ABANDONED;
    this.release();
    if (!wasAbandoned) {
      this.state = state;
      this.result = result;
      this.waker?.wake();
      return;
    }
    // Whoever gave it up wants neither its value nor its failure.
    this.onEnd?.();
  }

  override drop(): void {
    const { state } = this;
    this.state = ABANDONED;
    if (state === WAITING && this.waiter !== null) this.engine!.room.abandon(this.waiter);
    if (state !== SUBMITTED) return;
    const { submitter } = this.engine!;
    if (submitter.abandon(this)) return this.release();
    this.watchEnd();
  }

  /** It runs: whoever dropped it waits for its end, and its thread is replaced if that does not come. */
  private watchEnd(): void {
    const { killAfter } = this.options;
    let timer: unknown;
    if (killAfter !== Infinity) {
      timer = host.timer(killAfter, () => {
        const runner = this.engine!.submitter.runner(this);
        if (runner === undefined) return;
        const why = `${this.entry.name} did not end within ${killAfter} ms after it was abandoned`;
        this.engine!.kill(runner.thread, runner.incarnation, why);
      });
    }
    const rest = new Ending((ended) => {
      this.onEnd = () => {
        host.clearTimer(timer);
        ended();
      };
    });
    const waiting = shield(() => rest);
    waiting.poll({ wake() {} });
    abandon(waiting);
  }

  override describeWait(): string {
    return `${this.entry.name} on a thread`;
  }
  override get waitedResource(): Resource | undefined {
    return this.engine?.resource;
  }
  override get isExternalWait(): boolean {
    return true;
  }
}

/** Completes when it is told. */
class Ending extends Future<void> {
  #isOver: boolean = false;
  #waker: Waker | null = null;
  constructor(watch: (ended: () => void) => void) {
    super();
    watch(() => {
      this.#isOver = true;
      this.#waker?.wake();
    });
  }
  poll(waker: Waker): Poll<void> {
    this.#waker = waker;
    return this.#isOver ? undefined : PENDING;
  }
  override get isExternalWait(): boolean {
    return true;
  }
  override describeWait(): string {
    return "the end of an abandoned call on a thread";
  }
}

function calledTooEarly({ url, name }: FunctionEntry): ThreadError {
  return new ThreadError(
    `${url} calls its own threaded function ${name} at its top level, and is being imported on a thread: it would wait for itself; call it in main(), which does nothing on a thread`,
    undefined,
  );
}
