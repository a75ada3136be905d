/** How a stream is pulled: `next()`, `for await`, and letting go. */
import { pin } from "../internal/pin.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { promised } from "../runtime/future.ts";
import { FutureIterator } from "../runtime/iterate.ts";
import { HasSource } from "./iteration.ts";
import { END, type Pulled, type Source } from "./source.ts";
import { closeEarly } from "./terminal.ts";
import { Turn, Turns } from "./turns.ts";

/** One item. Where several are asked for at once, each waits for its turn. */
export class Next<T> extends Turn<IteratorResult<T, undefined>> {
  declare protected readonly source: Source<T>;

  constructor(source: Source<T>, turns: Turns) {
    super(turns);
    this.source = source;
  }

  poll(waker: Waker): Poll<IteratorResult<T, undefined>> {
    if (!this.takeTurn(waker)) return PENDING;
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

  override drop(): void {
    this.leaveLine();
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

  /**
   * Releases the source and abandons what is in flight; for whoever waits for an item, the stream has ended.
   * Completes when the source has closed.
   */
  [Symbol.asyncDispose](): Promise<void> {
    const closing = closeEarly(this.source as Source<unknown>);
    this.turns.waker?.wake();
    return promised(closing);
  }
}

threadBound(Pulling, "a Stream");

pin(new Next(null as never, new Turns()));
