/**
 * One result for many consumers.
 *
 * A handle (`SharedFuture`) owns a part of the underlying future, as a clone does in Rust; each use of
 * it is a view of its own. The underlying future is dropped when no view is left and every handle was
 * dropped, disposed or garbage-collected. So a handle that lost a `select` can be used again.
 */
import { CancelledError } from "../errors.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { abandon, claim, Future, markReusable } from "../runtime/future.ts";
import { wakeAll } from "../runtime/listeners.ts";
import { Listening } from "../runtime/listening.ts";
import { Result } from "./result.ts";

/** What all views of one shared future have in common. */
class SharedState<T> extends Result<T> implements Waker {
  readonly inner: Future<T>;
  /** Uses that have begun and not ended. */
  views: number = 0;
  /** Handles through which more uses may begin. */
  handles: number = 0;
  needsPoll: boolean = true;
  #isPolling: boolean = false;
  /** `inner` must be claimed already. */
  constructor(inner: Future<T>) {
    super();
    this.inner = inner;
  }

  /** The future may have advanced: whoever comes next polls it. */
  wake(): void {
    this.needsPoll = true;
    wakeAll(this);
  }

  advance(): void {
    if (this.isSettled || !this.needsPoll || this.#isPolling) return;
    this.#isPolling = true;
    this.needsPoll = false;
    try {
      const value = this.inner.poll(this);
      if (value !== PENDING) this.settle(false, value);
    } catch (error) {
      this.settle(true, error);
    }
    this.#isPolling = false;
  }

  handleGone(): void {
    this.handles--;
    this.left();
  }

  /** When nobody waits and nobody can begin to, the future is dropped. */
  left(): void {
    if (this.isSettled || this.views > 0 || this.handles > 0) return;
    this.settle(true, new CancelledError("this shared future was dropped by all of its users"));
    abandon(this.inner);
  }
}

const collected = new FinalizationRegistry<SharedState<unknown>>((state) => state.handleGone());

class View<T> extends Listening<T> {
  declare readonly source: SharedState<T>;
  #isOpen: boolean = true;
  constructor(state: SharedState<T>) {
    super(state);
    state.views++;
  }
  poll(waker: Waker): Poll<T> {
    const { source } = this;
    source.advance();
    if (source.isSettled) {
      this.#close();
      return source.take();
    }
    const isNew = this.waker === null;
    this.enter(waker);
    // It woke itself while it was polled.
    if (isNew && source.needsPoll) waker.wake();
    return PENDING;
  }
  override drop(): void {
    this.#close();
    this.source.left();
  }
  #close(): void {
    super.drop();
    if (this.#isOpen) this.source.views--;
    this.#isOpen = false;
  }
  override useAgain(): Future<T> {
    return new View(this.source);
  }
  override describeWait(): string {
    return this.source.inner.describeWait();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return [this.source.inner];
  }
}

/**
 * One result, or one and the same error, for many consumers. Every use of it is independent.
 *
 * **Cancel safety.** Abandoning one use disturbs no other, nor later ones. The underlying future is
 * dropped when no use is left and every handle (this one and its clones) was dropped or disposed, at the
 * latest when the last of them is garbage-collected: `using shared = future.shared()` says when.
 */
export abstract class SharedFuture<T> extends Future<T> {
  /** Polls this use of it; the driver's part. */
  abstract override poll(waker: Waker): Poll<T>;
  /** Another handle of the same result. */
  abstract clone(): SharedFuture<T>;
}

/** Apart from its public face, so that `Future.shared`, a layer below, can give that type. */
class Handle<T> extends SharedFuture<T> {
  readonly #state: SharedState<T>;
  /** For those who call `poll` by hand. */
  #direct: View<T> | null = null;
  #isDropped: boolean = false;

  constructor(state: SharedState<T>) {
    super();
    this.#state = state;
    state.handles++;
    collected.register(this, state as SharedState<unknown>, this);
    markReusable(this);
  }
  poll(waker: Waker): Poll<T> {
    this.#direct ??= new View(this.#state);
    const value = this.#direct.poll(waker);
    if (value !== PENDING) this.#direct = null;
    return value;
  }
  /** Gives up this handle. Uses of it that have begun go on. */
  override drop(): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    collected.unregister(this);
    this.#direct?.drop();
    this.#direct = null;
    this.#state.handleGone();
  }
  clone(): SharedFuture<T> {
    return new Handle(this.#state);
  }
  override [Symbol.dispose](): void {
    this.drop();
  }
  override useAgain(): Future<T> {
    return new View(this.#state);
  }
}

export function shared<T>(future: Future<T>): SharedFuture<T> {
  return future instanceof SharedFuture ? future.clone() : new Handle(new SharedState(claim(future)));
}

/** A view of a future that its `await` owns, so that others can use it meanwhile. It is dropped with the last. */
export function split<T>(future: Future<T>): Future<T> {
  return new View(new SharedState(future));
}
