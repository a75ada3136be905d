/** How a stream is pulled: `next()`, `for await`, and letting go. */
import { pin } from "../internal/pin.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { promised } from "../runtime/future.ts";
import { Operation } from "../runtime/operation.ts";
import { FutureIterator } from "../runtime/iterate.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";
import type { Closing } from "./closing.ts";
import { HasSource } from "./iteration.ts";
import { END, type Pulled, type Source } from "./source.ts";
import { closeEarly } from "./terminal.ts";

/** The consumers of one stream, who take turns. */
export class Turns {
  readonly queue: WaitQueue = new WaitQueue(1);
  /** Of the one whose turn it is, while it waits for an item. */
  waker: Waker | null = null;
  /** To be thrown when the source has closed, by whoever asks then. */
  failure: { readonly error: unknown; readonly closing: Closing } | null = null;
}

/** One item. Where several are asked for at once, each waits for its turn. */
export class Next<T> extends Operation<IteratorResult<T, undefined>> {
  declare protected readonly source: Source<T>;
  declare private readonly turns: Turns;
  declare private waiter: Waiter | null;
  declare private hasTurn: boolean;

  constructor(source: Source<T>, turns: Turns) {
    super();
    this.source = source;
    this.turns = turns;
    this.waiter = null;
    this.hasTurn = false;
  }

  poll(waker: Waker): Poll<IteratorResult<T, undefined>> {
    if (!this.hasTurn && !this.takeTurn(waker)) return PENDING;
    const { source, turns } = this;
    if (turns.failure !== null) return this.fail(waker);
    if (source.isOver) return this.done();
    try {
      const item = this.pull(waker);
      if (item === PENDING) {
        turns.waker = waker;
        return PENDING;
      }
      if (item !== END) {
        this.endTurn();
        return { done: false, value: item };
      }
      source.isOver = !source.mayGoOn;
      return this.done();
    } catch (error) {
      if (source.survives(error)) {
        this.endTurn();
        throw error;
      }
      turns.failure = { error, closing: closeEarly(source) };
      return this.fail(waker);
    }
  }
  protected pull(waker: Waker): Pulled<T> {
    return this.source.poll(waker);
  }

  private done(): IteratorReturnResult<undefined> {
    this.endTurn();
    return { done: true, value: undefined };
  }
  /** The source closes first. */
  private fail(waker: Waker): typeof PENDING {
    const { error, closing } = this.turns.failure!;
    if (!closing.isDone) {
      closing.poll(waker);
      return PENDING;
    }
    this.turns.failure = null;
    this.endTurn();
    throw error;
  }

  private takeTurn(waker: Waker): boolean {
    const { queue } = this.turns;
    if (this.waiter === null) {
      if (!queue.tryTake(1)) {
        this.waiter = queue.enter(1, waker);
        return false;
      }
    } else if (this.waiter.isWaiting) {
      this.waiter.waker = waker;
      return false;
    } else queue.take(this.waiter);
    return (this.hasTurn = true);
  }
  private endTurn(): void {
    this.turns.waker = null;
    this.hasTurn = false;
    this.turns.queue.give(1);
  }

  override drop(): void {
    if (this.hasTurn) this.endTurn();
    else if (this.waiter !== null) this.turns.queue.abandon(this.waiter);
  }
  override *innerWaits(): Iterable<Future<unknown>> {
    const { failure } = this.turns;
    if (!this.hasTurn) return;
    if (failure !== null) yield failure.closing;
    else yield* this.source.waits();
  }
  override describeWait(): string {
    return "the next item of a stream";
  }
}

/** Cancelling a loop while it waits leaves it: `for await` does not call `return` then. */
class LoopNext<T> extends Next<T> {
  override drop(): void {
    super.drop();
    this.source.release(null);
  }
}

/** `for await`: leaving the loop releases the source. */
class StreamIterator<T> extends FutureIterator<T> {
  readonly #stream: Pulling<T>;
  constructor(stream: Pulling<T>) {
    super(() => stream.next());
    this.#stream = stream;
  }
  override next(): Promise<IteratorResult<T, undefined>> {
    const { source, turns } = this.#stream;
    return promised(new LoopNext(source, turns));
  }
  override async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#stream[Symbol.asyncDispose]();
    return { done: true, value: undefined };
  }
}

export abstract class Pulling<T> extends HasSource<T> implements AsyncIterable<T>, AsyncDisposable {
  /** @internal */
  readonly turns: Turns = new Turns();
  /** @internal */
  constructor(source: Source<T>) {
    super();
    (this as { source: Source<T> }).source = source;
  }

  /**
   * The next item. After the end, and after a failure was thrown, `{ done: true }`.
   *
   * **Cancel safety.** An abandoned `next` loses nothing: what is under way stays with the stream, and
   * the item goes to the next one.
   *
   * @example
   * ```ts
   * import { Stream } from "millrace/stream";
   *
   * const numbers = Stream.of(1, 2);
   * console.log(await numbers.next()); // { done: false, value: 1 }
   * ```
   */
  next(): Future<IteratorResult<T, undefined>> {
    return new Next(this.source, this.turns);
  }

  /** For `for await`. Leaving the loop early releases the source and abandons what is in flight. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return new StreamIterator(this);
  }

  /** Releases the source and abandons what is in flight. Completes when the source has closed. */
  [Symbol.asyncDispose](): Promise<void> {
    const closing = closeEarly(this.source as Source<unknown>);
    this.turns.waker?.wake();
    return promised(closing);
  }
}

pin(new Next(null as never, new Turns()));
