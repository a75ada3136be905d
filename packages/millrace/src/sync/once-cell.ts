/** A value that is made once, by the first who needs it. */
import { requireBody } from "../runtime/argument.ts";
import { pin } from "../internal/pin.ts";
import { ClosedError } from "../errors.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { Acquire } from "../runtime/acquire.ts";
import { PENDING, type Body, type Poll, type Waker } from "../runtime/body.ts";
import { Call } from "../runtime/call.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { abandon, type Future } from "../runtime/future.ts";
import { Operation } from "../runtime/operation.ts";
import { cx } from "../runtime/kernel.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import { OK, refused, type Try } from "./try.ts";

/**
 *   EMPTY ──turn taken──► INITIALIZING ──body returned──► INITIALIZED (the queue is closed for good)
 *     ▲                        │
 *     └──body failed, unwound──┘  the turn passes to the next waiter
 */
class Cell<T> {
  /** The turn to initialise; closed once that has succeeded. */
  readonly turn: WaitQueue = new WaitQueue(1);
  value: T | undefined = undefined;

  get isInitialized(): boolean {
    return this.turn.isClosed;
  }
  set(value: T): void {
    this.value = value;
    this.turn.close();
  }
}

/** The turn to initialise. It fails when somebody else has done it, which `GetOrInit` sees first. */
class TakeTurn extends Acquire<void> {
  protected readonly queue: WaitQueue;
  constructor(turn: WaitQueue) {
    super();
    this.queue = turn;
  }
  protected granted(): void {}
  protected closed(): never {
    throw new ClosedError("the cell was initialised meanwhile");
  }
}

class GetOrInit<T> extends Operation<T> {
  readonly #cell: Cell<T>;
  readonly #init: Body<T>;
  readonly #turn: Future<void>;
  #call: Call<T, []> | null = null;
  #isDropped: boolean = false;

  constructor(cell: Cell<T>, init: Body<T>) {
    super();
    this.#cell = cell;
    this.#init = init;
    this.#turn = new TakeTurn(cell.turn);
  }
  poll(waker: Waker): Poll<T> {
    const cell = this.#cell;
    if (this.#call === null) {
      if (cell.isInitialized) {
        if (!mayProceed(waker)) return PENDING;
        cx.budget--;
        abandon(this.#turn);
        return cell.value as T;
      }
      if (this.#turn.poll(waker) === PENDING) return PENDING;
      this.#call = new Call(this.#init, [], { onEnd: () => this.#unwound() });
    }
    let value: Poll<T>;
    try {
      value = this.#call.poll(waker);
    } catch (error) {
      this.#call = null;
      cell.turn.give(1);
      throw error;
    }
    // The turn is not given back first: whoever was woken for it would not find the value yet.
    if (value !== PENDING) cell.set(value);
    return value;
  }
  /** The call has ended. If it was abandoned, whoever is next begins after its cleanup. */
  #unwound(): void {
    if (this.#isDropped) this.#cell.turn.give(1);
  }
  override drop(): void {
    this.#isDropped = true;
    abandon(this.#call ?? this.#turn);
  }
  override describeWait(): string {
    return this.#call === null ? "somebody else's initialisation of a cell" : this.#call.describeWait();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return this.#call === null ? [] : [this.#call];
  }
}

/**
 * A cell that is filled once: the first who asks runs the initialiser, the others wait for its value.
 *
 * Which one? `OnceCell` when whoever needs the value makes it; `SetOnce` when somebody else provides it;
 * `shared()` for one computation whose failure is everybody's.
 *
 * @example
 * ```ts
 * import { joinAll, OnceCell, sleep } from "millrace";
 *
 * let connections = 0;
 * const cell = new OnceCell<string>();
 * const get = () => cell.getOrInit(async () => { await sleep(5); return `connection ${++connections}`; });
 * console.log(await joinAll([get(), get()])); // ["connection 1", "connection 1"]
 * ```
 */
export class OnceCell<T> {
  readonly #cell: Cell<T> = new Cell();

  /** With a value other than `undefined` it is initialised from the start. */
  constructor(value?: T) {
    if (value !== undefined) this.#cell.set(value);
  }

  /**
   * The value; if there is none, `init` makes it. One initialiser runs at a time; if it fails or is
   * cancelled, its caller gets the error and a waiter's own initialiser runs.
   *
   * **Cancel safety.** Abandoned while it waits, it leaves no trace; abandoned while its initialiser runs,
   * that one is unwound, then the next one begins.
   */
  getOrInit(init: Body<T>): Future<T> {
    requireBody("OnceCell.getOrInit", init);
    return new GetOrInit(this.#cell, init);
  }

  /** The value, `undefined` while there is none. */
  get(): T | undefined {
    return this.#cell.value;
  }

  /** Fills the cell, unless it is filled or somebody is about to fill it. */
  set(value: T): Try<void, "initialized" | "initializing"> {
    const cell = this.#cell;
    if (cell.isInitialized) return refused("initialized");
    if (!cell.turn.tryTake(1)) return refused("initializing");
    cell.set(value);
    return OK;
  }
  /** Whether there is a value. */
  get isInitialized(): boolean {
    return this.#cell.isInitialized;
  }
}

threadBound(OnceCell, "a OnceCell");

const sample = new OnceCell<void>();
pin(
  sample,
  sample.getOrInit(() => {}),
);
