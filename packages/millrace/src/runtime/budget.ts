/** Cooperation: letting others run, by choice or because the budget is used up. */
import { requireFuture } from "./argument.ts";
import { PENDING, SUSPENDED, type Poll, type Suspend, type Waker } from "./body.ts";
import { NOTHING } from "./suspension.ts";
import { abandon, claim, Future } from "./future.ts";
import { Operation } from "./operation.ts";
import { mayProceed } from "./cooperation.ts";
import { cx, UNLIMITED } from "./kernel.ts";
import { ambientKernel } from "./trail.ts";
import { pin } from "../internal/pin.ts";

/** In the place of a turn. */
const FRESH = -1;
const DROPPED = -2;

class YieldNow extends Operation<void> {
  /** In which it was polled first: it is ready in any later one. */
  declare private turn: number;

  constructor() {
    super();
    this.turn = FRESH;
  }
  poll(waker: Waker): Poll<void> {
    const { scheduler } = ambientKernel();
    if (this.turn === FRESH) this.turn = scheduler.turn;
    else if (this.turn !== scheduler.turn) return undefined;
    scheduler.defer(waker);
    return PENDING;
  }
  override next(): IteratorResult<Suspend, void> {
    const { branch, waker } = cx;
    const { turn } = this;
    if (branch === null || waker === null || turn === DROPPED) return super.next();
    const { scheduler } = branch.kernel;
    if (turn === FRESH) this.turn = scheduler.turn;
    else if (turn !== scheduler.turn) return NOTHING;
    scheduler.defer(waker);
    branch.work = ITS_TURN;
    return SUSPENDED;
  }
  override drop(): void {
    this.turn = DROPPED;
  }
  override describeWait(): string {
    return "its next turn";
  }
}

/** What a routine that yields waits for: one for all, which costs no write barrier. */
const ITS_TURN: Future<void> = new YieldNow();

/**
 * Lets every other ready task, I/O and timers run first.
 *
 * **Cancel safety.** Abandoning it has no effect.
 *
 * @example
 * ```ts
 * import { yieldNow } from "millrace";
 *
 * for (let i = 0; i < 1e6; i++) if (i % 10_000 === 0) await yieldNow();
 * ```
 */
export function yieldNow(): Future<void> {
  return new YieldNow();
}

class ConsumeBudget extends Operation<void> {
  poll(waker: Waker): Poll<void> {
    if (!mayProceed(waker)) return PENDING;
    cx.budget--;
    return undefined;
  }
  override describeWait(): string {
    return "its next turn";
  }
}

/**
 * Takes one operation from the task's budget (128 a turn) and lets others run when it is used up. For
 * loops of your own that otherwise never wait.
 *
 * **Cancel safety.** Abandoning it has no effect.
 */
export function consumeBudget(): Future<void> {
  return new ConsumeBudget();
}

class Unconstrained<T> extends Future<T> {
  declare private readonly future: Future<T>;
  constructor(future: Future<T>) {
    super();
    this.future = claim(future);
  }
  poll(waker: Waker): Poll<T> {
    const { budget } = cx;
    cx.budget = UNLIMITED;
    try {
      return this.future.poll(waker);
    } finally {
      cx.budget = budget;
    }
  }
  override drop(): void {
    abandon(this.future);
  }
  override giveBack(value: T): void {
    this.future.giveBack(value);
  }
  override get givesBack(): boolean {
    return this.future.givesBack;
  }
  override describeWait(): string {
    return this.future.describeWait();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return [this.future];
  }
}

/**
 * Runs a future that is never forced to yield by the cooperative budget.
 *
 * @throws TypeError when `future` is none.
 */
export function unconstrained<T>(future: Future<T>): Future<T> {
  return new Unconstrained(requireFuture("unconstrained", future));
}

pin(new YieldNow());
