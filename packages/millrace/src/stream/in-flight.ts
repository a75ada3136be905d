/**
 * A future that makes progress by itself: it is polled by whoever started it, and after that by the
 * scheduler whenever it is woken, whether or not the consumer of the stream is looking.
 *
 *   IDLE ──start──► RUNNING ──► SETTLED ──reset──► IDLE
 *                      └─abandon─► IDLE
 */
import { pin } from "../internal/pin.ts";
import { PENDING, type Waker } from "../runtime/body.ts";
import type { Branch } from "../runtime/branch.ts";
import { abandon, claim, type Future } from "../runtime/future.ts";
import { captureContext, type AsyncContext } from "../runtime/host.ts";
import { cx, type Kernel } from "../runtime/kernel.ts";
import { BUDGET, Runnable } from "../runtime/scheduler.ts";
import { watchPromise } from "../combinators/to-future.ts";
import { ambientBranch, ambientKernel } from "../runtime/trail.ts";

/** What all that is in flight for one stream has in common: the task that pulls it. */
export abstract class Flight {
  declare branch: Branch<unknown> | null;
  declare kernel: Kernel | null;
  declare context: AsyncContext | undefined;
  constructor() {
    this.branch = null;
    this.kernel = null;
    this.context = undefined;
  }
  /** The consumer polls: from here on it is its task that the work belongs to. */
  board(): void {
    const branch = ambientBranch();
    if (this.kernel !== null && branch === this.branch) return;
    this.branch = branch;
    this.kernel = ambientKernel();
    this.context = undefined;
  }
  /** The async context of the work that goes on by itself. */
  contextOf(kernel: Kernel): AsyncContext | undefined {
    if (kernel.asyncContext) this.context ??= captureContext();
    return this.context;
  }
  /** It settled while the consumer was not looking. */
  abstract landed(item: InFlight): void;
}

export class InFlight extends Runnable implements Waker {
  declare private readonly flight: Flight;
  declare private future: Future<unknown> | null;
  /** Instead of a future. */
  declare private promise: Promise<unknown> | null;
  /** Made for the first promise, and used for each that the slot holds later. */
  declare private onValue: ((value: unknown) => void) | null;
  declare private onError: ((error: unknown) => void) | null;
  declare isSettled: boolean;
  declare isFailed: boolean;
  declare result: unknown;
  /** The future of the result, if that can be given back. */
  declare private giver: Future<unknown> | null;

  constructor(flight: Flight) {
    super();
    this.flight = flight;
    this.future = null;
    this.promise = null;
    this.onValue = null;
    this.onError = null;
    this.isSettled = false;
    this.isFailed = false;
    this.result = undefined;
    this.giver = null;
  }

  /** Polls a claimed future for the first time, on behalf of the consumer. */
  start(future: Future<unknown>): void {
    this.future = future;
    this.advance();
    if (this.isSettled) return;
    this.flight.contextOf(this.flight.kernel!);
  }
  /**
   * Waits for a native promise, which calls back once, and later. A future around it would cost three times
   * as much (the await figures of the "async map" rows of the bench).
   */
  follow(promise: Promise<unknown>): void {
    this.promise = promise;
    this.onValue ??= (value) => this.arrive(false, value);
    this.onError ??= (error) => this.arrive(true, error);
    void promise.then(this.onValue, this.onError);
  }
  private arrive(isFailed: boolean, result: unknown): void {
    if (this.promise === null) return;
    this.promise = null;
    this.settle(isFailed, result);
    this.flight.landed(this);
  }
  /** Has its result already. */
  settle(isFailed: boolean, result: unknown): void {
    this.future = null;
    this.isSettled = true;
    this.isFailed = isFailed;
    this.result = result;
  }
  /** Takes the result, and is ready for another future. */
  take(): unknown {
    const { result, isFailed } = this;
    this.isSettled = this.isFailed = false;
    this.result = undefined;
    this.giver = null;
    if (isFailed) throw result;
    return result;
  }

  wake(): void {
    if (this.future !== null) this.flight.kernel!.scheduler.push(this);
  }

  run(): void {
    const { context } = this.flight;
    if (context === undefined) this.advanceAlone();
    else context.runInAsyncScope(advanceAlone, undefined, this);
  }

  static readonly advanceAlone = (item: InFlight): void => item.advanceAlone();

  private advanceAlone(): void {
    if (this.future === null) return;
    const { branch, waker, budget, isMarked } = cx;
    cx.branch = this.flight.branch;
    cx.waker = this;
    cx.budget = BUDGET;
    cx.isMarked = false;
    this.advance();
    cx.branch = branch;
    cx.waker = waker;
    cx.budget = budget;
    cx.isMarked = isMarked;
    if (this.isSettled) this.flight.landed(this);
  }

  private advance(): void {
    const future = this.future!;
    try {
      const value = future.poll(this);
      if (value === PENDING) return;
      this.settle(false, value);
      if (future.givesBack) this.giver = future;
    } catch (error) {
      this.settle(true, error);
    }
  }

  abandon(): void {
    const { future } = this;
    this.future = this.promise = null;
    if (future !== null) abandon(future);
    const { giver } = this;
    this.giver = null;
    giver?.giveBack(this.result);
  }
  get wait(): Future<unknown> | null {
    return this.promise === null ? this.future : claim(watchPromise(this.promise));
  }
}

const { advanceAlone } = InFlight;

pin(new InFlight(null as never));
