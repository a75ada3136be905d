/**
 * Cancellation as a value: a tree of tokens, cancelled downward.
 *
 * A child knows its parent and asks it. The parent knows a child only while somebody waits on that
 * child (or has taken its signal), so that a token made for each request of a long-lived parent is
 * garbage as soon as the request is over.
 *
 * Invariants
 *  1. `uses` counts the waiters, the signal and the attached children of a token. While it is not 0 the
 *     token is attached to its parent (and listens to its source); a cancelled one never is.
 *  2. A cancellation marks the whole subtree before foreign code (a waker, an abort listener) runs.
 *  3. Trees may be deep: what walks them does not recurse.
 */
import { threadBound } from "../internal/thread-bound.ts";
import type { AbortSignal } from "../internal/platform.ts";
import { toFuture } from "../combinators/to-future.ts";
import { Operation } from "../runtime/operation.ts";
import { untilUndefined } from "../combinators/until.ts";
import { PENDING, type Awaitable, type Poll, type Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";

class Cancelled extends Operation<void> {
  readonly #token: CancellationToken;
  #waiter: Waiter | null = null;
  constructor(token: CancellationToken) {
    super();
    this.#token = token;
  }
  poll(waker: Waker): Poll<void> {
    if (this.#token.isCancelled) {
      this.drop();
      return undefined;
    }
    if (this.#waiter === null) this.#waiter = enter(this.#token, waker);
    else this.#waiter.waker = waker;
    return PENDING;
  }
  override drop(): void {
    if (this.#waiter !== null) leave(this.#token, this.#waiter);
    this.#waiter = null;
  }
  override get mayGoUnused(): boolean {
    return true;
  }
  override describeWait(): string {
    return "a cancellation";
  }
  override get isExternalWait(): boolean {
    return this.#token.isExternal;
  }
}

// Doors into the class for the modules that share its internals.
let enter: (token: CancellationToken, waker: Waker) => Waiter;
let leave: (token: CancellationToken, waiter: Waiter) => void;
let reasonOf: (cause: CancellationToken | AbortSignal) => unknown;

/**
 * Cancels downward through the tree, reason included, never up or sideways. Disposing it cancels it.
 *
 * Use it when cancellation concerns more than one task or must reach foreign code; to stop one task,
 * `handle.abort()` is enough, and to bound several, a `scope`.
 *
 * @example
 * ```ts
 * import { CancellationToken, sleep, spawn } from "millrace";
 *
 * using token = new CancellationToken();
 * const worker = spawn(async () => {
 *   while (!token.isCancelled) await token.runUntilCancelled(sleep(5));
 *   return "stopped";
 * });
 * token.cancel("enough");
 * console.log(await worker); // stopped
 * ```
 */
export class CancellationToken implements Disposable {
  /** Whether something outside the runtime may cancel it. @internal */
  readonly isExternal: boolean;
  readonly #parent: CancellationToken | null;
  readonly #source: AbortSignal | null;
  readonly #waiters: WaitQueue = new WaitQueue(0);
  /** Children that must be told. */
  readonly #children: Set<CancellationToken> = new Set();
  #isCancelled: boolean = false;
  #reason: unknown = undefined;
  #controller: AbortController | null = null;
  /** Waiters, attached children and the signal: while there are any, this token must be told. */
  #uses: number = 0;
  readonly #onAbort: () => void = () => this.cancel(this.#source!.reason);

  constructor();
  /** @internal */
  constructor(parent: CancellationToken | null, source: AbortSignal | null);
  constructor(parent: CancellationToken | null = null, source: AbortSignal | null = null) {
    this.#parent = parent;
    this.#source = source;
    this.isExternal = source !== null || parent?.isExternal === true;
  }

  /** A token that follows `signal`. */
  static from(signal: AbortSignal): CancellationToken {
    if (!(signal instanceof globalThis.AbortSignal)) {
      throw new TypeError(
        `CancellationToken.from expects an AbortSignal, got ${signal === null ? "null" : typeof signal}`,
      );
    }
    return new CancellationToken(null, signal);
  }

  /** Cancels this token and everything below it. A second call changes nothing. */
  cancel(reason?: unknown): void {
    if (this.#isCancelled) return;
    const cause = CancellationToken.#causeOf(this);
    const told = cause === null ? reason : reasonOf(cause);
    if (this.#uses > 0) {
      this.#detach();
      if (this.#parent !== null) CancellationToken.#unuse(this.#parent);
    }
    const subtree: CancellationToken[] = [this];
    for (const token of subtree) {
      token.#isCancelled = true;
      token.#reason = told;
      for (const child of token.#children) {
        child.#detach();
        subtree.push(child);
      }
    }
    for (const token of subtree) {
      token.#waiters.grantAll();
      token.#controller?.abort(told);
    }
  }

  /** Whether it, or a token or signal above it, is cancelled. */
  get isCancelled(): boolean {
    return CancellationToken.#causeOf(this) !== null;
  }

  /** What was given to `cancel`, here or above. */
  get reason(): unknown {
    const cause = CancellationToken.#causeOf(this);
    return cause === null ? undefined : reasonOf(cause);
  }

  /**
   * Completes when the token is cancelled.
   *
   * **Cancel safety.** Abandoning it leaves no trace.
   */
  cancelled(): Future<void> {
    return new Cancelled(this);
  }

  /** A token that is cancelled with this one, and can be cancelled by itself. */
  childToken(): CancellationToken {
    return new CancellationToken(this, null);
  }

  /**
   * `undefined` when cancelled first; an already cancelled token never polls the future.
   *
   * **Cancel safety.** Abandoning it abandons the future.
   */
  runUntilCancelled<T>(future: Awaitable<T>): Future<T | undefined> {
    return untilUndefined(toFuture("runUntilCancelled", future), this);
  }

  /**
   * For foreign APIs. From then on its parent keeps the token, as nobody can tell who listens to the
   * signal: cancel or dispose a short-lived child whose signal was taken.
   */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.isCancelled) this.#controller.abort(this.reason);
      else CancellationToken.#use(this);
    }
    return this.#controller.signal;
  }

  /** Cancels when disposed unless disarmed. */
  dropGuard(): Disposable & { disarm(): void } {
    let isArmed = true;
    return {
      disarm: () => {
        isArmed = false;
      },
      [Symbol.dispose]: () => {
        if (isArmed) this.cancel();
        isArmed = false;
      },
    };
  }

  /** Cancels it. */
  [Symbol.dispose](): void {
    this.cancel();
  }

  /** The nearest cancellation, here or above: the token or the signal where it came from. */
  static #causeOf(self: CancellationToken): CancellationToken | AbortSignal | null {
    for (let token: CancellationToken | null = self; token !== null; token = token.#parent) {
      if (token.#isCancelled) return token;
      if (token.#source?.aborted === true) return token.#source;
    }
    return null;
  }

  static #use(self: CancellationToken): void {
    for (let token: CancellationToken | null = self; token !== null; token = token.#parent) {
      if (token.#uses++ > 0 || token.#isCancelled) return;
      token.#source?.addEventListener("abort", token.#onAbort, { once: true });
      if (token.#parent !== null) token.#parent.#children.add(token);
    }
  }

  static #unuse(self: CancellationToken): void {
    for (let token: CancellationToken | null = self; token !== null; token = token.#parent) {
      if (--token.#uses > 0 || token.#isCancelled) return;
      token.#detach();
    }
  }

  /** The reverse of attaching; the parent's uses are the caller's business. */
  #detach(): void {
    this.#source?.removeEventListener("abort", this.#onAbort);
    if (this.#parent !== null) this.#parent.#children.delete(this);
  }

  static {
    enter = (token, waker) => {
      CancellationToken.#use(token);
      return token.#waiters.enter(1, waker);
    };
    leave = (token, waiter) => {
      token.#waiters.abandon(waiter);
      CancellationToken.#unuse(token);
    };
    reasonOf = (cause) => (cause instanceof globalThis.AbortSignal ? cause.reason : cause.#reason);
  }
}

threadBound(CancellationToken, "a CancellationToken");
