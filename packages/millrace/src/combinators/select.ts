/** Waiting for the first of several named branches. */
import { SelectError } from "../errors.ts";
import { optionsOf, shown } from "../runtime/argument.ts";
import { isThenable, PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { abandon, type Future } from "../runtime/future.ts";
import { Operation } from "../runtime/operation.ts";
import { randomOf } from "../runtime/random.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { toFuture } from "./to-future.ts";
import { pin } from "../internal/pin.ts";

/** What `select` is given: a future, or anything that can be awaited, under the key of its branch. */
export type Branches = Record<string, unknown>;
/** `undefined`, `null` and `false` are disabled branches. */
export type Selected<B extends Branches> = {
  [K in keyof B]: { readonly key: K; readonly value: Awaited<Exclude<B[K], undefined | null | false>> };
}[keyof B];

/** Of so many branches a number can say which. */
const BITS = 31;

class Select<B extends Branches> extends Operation<Selected<B>> {
  declare private readonly keys: string[];
  declare private readonly futures: Future<unknown>[];
  declare private readonly isBiased: boolean;
  declare private isOver: boolean;

  constructor(branches: B, isBiased: boolean) {
    super();
    this.isOver = false;
    this.isBiased = isBiased;
    const keys = Object.keys(branches);
    // Arrays of the right size: pushing would make room for 17 (the select row of the bench).
    // oxlint-disable-next-line unicorn/no-new-array
    const futures = new Array<Future<unknown>>(keys.length);
    this.keys = keys;
    this.futures = futures;
    let enabled = 0;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const branch: unknown = branches[key];
      if (branch === undefined || branch === null || branch === false) continue;
      keys[enabled] = key;
      futures[enabled] = this.own(branch, enabled);
      enabled++;
    }
    if (enabled < keys.length) keys.length = futures.length = enabled;
  }

  get isWithoutBranches(): boolean {
    return this.futures.length === 0;
  }

  /** Takes ownership of a branch; a bad one leaves none of those before it behind. */
  private own(branch: unknown, before: number): Future<unknown> {
    try {
      return toFuture("select", branch);
    } catch (error) {
      this.futures.length = before;
      this.end(-1);
      throw error;
    }
  }

  // #region poll
  poll(waker: Waker): Poll<Selected<B>> {
    const futures = this.futures;
    const count = futures.length;
    // Operations that are ready could not say so now; those that take no budget must not win for that.
    if (!mayProceed(waker)) return PENDING;
    const { isBiased } = this;
    const start = isBiased || count === 1 ? 0 : randomOf(ambientKernel()).below(count);
    // Where the order is free, who would only begin to wait comes last: when another wins, there is nothing to undo.
    let later = 0;
    for (let i = 0, index = start; i < count; i++) {
      if (!isBiased && index < BITS && futures[index]!.wouldWait) later |= 1 << index;
      else {
        const value = this.pollOne(index, waker);
        if (value !== PENDING) return value;
      }
      if (++index === count) index = 0;
    }
    for (let i = 0, index = start; later !== 0 && i < count; i++) {
      if (index < BITS && later & (1 << index)) {
        const value = this.pollOne(index, waker);
        if (value !== PENDING) return value;
      }
      if (++index === count) index = 0;
    }
    return PENDING;
  }

  private pollOne(index: number, waker: Waker): Poll<Selected<B>> {
    let value: unknown;
    try {
      value = this.futures[index]!.poll(waker);
    } catch (error) {
      this.end(index);
      throw error;
    }
    if (value === PENDING) return PENDING;
    this.end(index);
    return { key: this.keys[index]!, value } as Selected<B>;
  }

  override drop(): void {
    this.end(-1);
  }

  override giveBack({ key, value }: Selected<B>): void {
    this.futures[this.keys.indexOf(key as string)]!.giveBack(value);
  }

  private end(winner: number): void {
    if (this.isOver) return;
    this.isOver = true;
    const futures = this.futures;
    for (let i = 0; i < futures.length; i++) if (i !== winner) abandon(futures[i]!);
  }
  // #endregion poll

  override describeWait(): string {
    return `one of ${this.keys.join(", ")}`;
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return this.futures;
  }
}

/** With no branch to wait for. The error is made by the call, so that its stack has the caller's line. */
class SelectNothing extends Operation<never> {
  readonly #error: SelectError = new SelectError(
    "select has no enabled branch: every one is undefined, null or false",
  );
  poll(): never {
    throw this.#error;
  }
}

/**
 * Waits for the first branch to settle and abandons the others; a failure of the winner is thrown. The
 * starting branch is chosen at random (from the runtime's seed) unless `biased`: then top to bottom. A
 * losing branch has consumed nothing: no message, permit or tick is lost. Rejects with `SelectError`
 * when every branch is disabled.
 *
 * **Cancel safety.** Abandoning it abandons every branch. Pass `future.ref()` to keep a future that
 * loses; a `JoinHandle` that loses leaves its task running.
 *
 * @example
 * ```ts
 * import { mpsc, select, sleep } from "millrace";
 *
 * const [tx, rx] = mpsc.channel<string>(1);
 * tx.trySend("hello");
 * const won = await select({ message: rx.recv(), late: sleep(1000) });
 * if (won.key === "message") console.log(won.value);
 * ```
 */
export function select<const B extends Branches>(
  branches: B,
  options: { biased?: boolean } = {},
): Future<Selected<B>> {
  if (
    typeof branches !== "object" ||
    branches === null ||
    Symbol.iterator in branches ||
    isThenable(branches)
  ) {
    const got = Array.isArray(branches) ? "an array" : shown(branches);
    throw new TypeError(
      `select expects an object of named branches, such as { message: rx.recv() }, got ${got}`,
    );
  }
  const made = new Select(branches, optionsOf("select", options).biased === true);
  return made.isWithoutBranches ? new SelectNothing() : made;
}

pin(new Select({ a: null }, false));
