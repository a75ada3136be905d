/**
 * Cancellation as a value: a tree of tokens, cancelled downward.
 *
 * A child knows its parent and asks it. The parent knows a child only while somebody waits on that
 * child (or has taken its signal), so that a token made for each request of a long-lived parent is
 * garbage as soon as the request is over.
 */
import { toFuture } from "../combinators/from-promise.ts";
import { untilUndefined } from "../combinators/until.ts";
import { PENDING, type Awaitable, type Poll, type Waker } from "../runtime/body.ts";
import { Future } from "../runtime/future.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";

class Cancelled extends Future<void> {
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
  }

  /** A token that follows `signal`. */
  static from(signal: AbortSignal): CancellationToken {
    if (!(signal instanceof AbortSignal)) {
      throw new TypeError(
        `CancellationToken.from expects an AbortSignal, got ${signal === null ? "null" : typeof signal}`,
      );
    }
    return new CancellationToken(null, signal);
  }

  /** Cancels this token and everything below it. A second call changes nothing. */
  cancel(reason?: unknown): void {
    if (this.#isCancelled) return;
    const inherited = this.#inherited();
    this.#isCancelled = true;
    this.#reason = inherited === null ? reason : inherited.reason;
    if (this.#uses > 0) this.#detach();
    this.#waiters.grantAll();
    this.#controller?.abort(this.#reason);
    const children = [...this.#children];
    this.#children.clear();
    for (const child of children) child.cancel(this.#reason);
  }

  get isCancelled(): boolean {
    return this.#isCancelled || this.#inherited() !== null;
  }

  /** What was given to `cancel`, here or above. */
  get reason(): unknown {
    return this.#isCancelled ? this.#reason : this.#inherited()?.reason;
  }

  /**
   * Completes when the token is cancelled.
   *
   * **Cancel safety.** Abandoning it leaves no trace.
   */
  cancelled(): Future<void> {
    return new Cancelled(this);
  }

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

  /** For foreign APIs. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.isCancelled) this.#controller.abort(this.reason);
      else this.#use();
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

  [Symbol.dispose](): void {
    this.cancel();
  }

  /** @internal */
  get isExternal(): boolean {
    return this.#source !== null || this.#parent?.isExternal === true;
  }

  /** The cancellation above, if there is one. */
  #inherited(): { readonly reason: unknown } | null {
    if (this.#source?.aborted === true) return this.#source;
    const parent = this.#parent;
    return parent !== null && parent.isCancelled ? parent : null;
  }

  #use(): void {
    if (this.#uses++ > 0 || this.#isCancelled) return;
    this.#source?.addEventListener("abort", this.#onAbort, { once: true });
    if (this.#parent === null) return;
    this.#parent.#children.add(this);
    this.#parent.#use();
  }

  #unuse(): void {
    if (--this.#uses === 0 && !this.#isCancelled) this.#detach();
  }

  #detach(): void {
    this.#source?.removeEventListener("abort", this.#onAbort);
    const parent = this.#parent;
    if (parent === null) return;
    parent.#children.delete(this);
    if (!parent.#isCancelled) parent.#unuse();
  }

  static {
    enter = (token, waker) => {
      token.#use();
      return token.#waiters.enter(1, waker);
    };
    leave = (token, waiter) => {
      token.#waiters.abandon(waiter);
      token.#unuse();
    };
  }
}
