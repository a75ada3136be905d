/**
 * Futures that consume a stream. One that leaves early, or fails, first lets the source close: an
 * iterator's `finally` has run when the future completes.
 *
 *   PULLING ──END──► result
 *      ├──leaves early, fails──► CLOSING ──► result, or throws
 *      └──drop──► the source is released; what must wait goes on by itself
 *
 * It pulls when it is its turn, which is others' while it waits for a callback.
 */
import { pin } from "../internal/pin.ts";
import { isThenable, PENDING, type Body, type Poll, type Waker } from "../runtime/body.ts";
import { abandon, claim, Future } from "../runtime/future.ts";
import { watchPromise } from "../combinators/to-future.ts";
import { Callback } from "./callback.ts";
import { Closing } from "./closing.ts";
import { END, type Source } from "./source.ts";
import { Turn, Turns } from "./turns.ts";

/** Lets go of a source that failed, or of which enough was had. */
export function closeEarly(source: Source<unknown>): Closing {
  const closing = new Closing();
  source.release(closing);
  return closing;
}

export abstract class Terminal<T, R> extends Turn<R> {
  declare protected readonly source: Source<T>;
  declare private closing: Closing | null;
  declare private isFailed: boolean;
  /** The source has given all that it had. */
  declare private isComplete: boolean;
  declare private result: unknown;

  constructor(source: Source<T>, turns: Turns) {
    super(turns);
    this.source = source;
    this.closing = null;
    this.isFailed = false;
    this.isComplete = false;
    this.result = undefined;
  }

  /** Pulls until it must wait, or has the result. */
  protected abstract consume(source: Source<T>, waker: Waker): Poll<R>;
  /** The result when there are no (more) items. */
  protected abstract atEnd(): R;

  /** Whether it may pull: what it waits for by itself, while it is others' turn, is done. */
  protected isReady(_waker: Waker): boolean {
    return true;
  }

  poll(waker: Waker): Poll<R> {
    if (this.closing !== null) return this.close(this.closing, waker);
    const { source, turns } = this;
    try {
      if (!this.hasTurn) {
        if (!this.isReady(waker) || !this.takeTurn(waker)) return PENDING;
        if (turns.failure !== null) return this.inherit(turns.failure, waker);
      }
      if (source.isOver) return this.over(this.atEnd());
      const result = this.consume(source, waker);
      if (result === PENDING) {
        if (this.hasTurn) turns.waker = waker;
        return PENDING;
      }
      if (this.isComplete) return this.over(result);
      this.result = result;
    } catch (error) {
      this.isFailed = true;
      this.result = error;
    }
    this.closing = closeEarly(source);
    this.tell();
    return this.close(this.closing, waker);
  }
  /** Whoever pulls meanwhile: the source was released. */
  private tell(): void {
    if (!this.hasTurn) this.turns.waker?.wake();
  }

  /** Of a `next` that was abandoned before it could throw it. */
  private inherit({ error, closing }: NonNullable<Turns["failure"]>, waker: Waker): Poll<R> {
    this.turns.failure = null;
    this.isFailed = true;
    this.result = error;
    return this.close((this.closing = closing), waker);
  }
  private over(result: R): R {
    if (this.hasTurn) this.endTurn();
    return result;
  }

  /** The source has answered END. */
  protected ended(): R {
    this.isComplete = true;
    this.source.isOver = !this.source.mayGoOn;
    return this.atEnd();
  }

  private close(closing: Closing, waker: Waker): Poll<R> {
    if (!closing.isDone) {
      closing.poll(waker);
      return PENDING;
    }
    if (this.hasTurn) this.endTurn();
    // The failure that it is closed for matters more than one of the closing.
    if (this.isFailed) throw this.result;
    closing.poll(waker);
    return this.result as R;
  }

  override drop(): void {
    this.leaveLine();
    this.source.release(null);
    this.tell();
  }
  override *innerWaits(): Iterable<Future<unknown>> {
    if (this.closing !== null) yield this.closing;
    else yield* this.source.waits();
  }
  override describeWait(): string {
    return "the next item of a stream";
  }
}

/** Calls a function for each item, which may wait, and goes on when it has. */
abstract class Called<T, R, U> extends Terminal<T, U> {
  declare private inFlight: Future<R> | null;
  constructor(source: Source<T>, turns: Turns) {
    super(source, turns);
    this.inFlight = null;
  }
  protected abstract call(item: T): R | Future<R>;
  protected abstract taken(result: R): void;

  protected consume(source: Source<T>, waker: Waker): Poll<U> {
    for (;;) {
      const item = source.poll(waker);
      if (item === PENDING) return PENDING;
      if (item === END) return this.ended();
      if (!this.took(this.call(item)) && this.mustWait(waker)) return PENDING;
    }
  }
  /** Also when the stream was disposed meanwhile: the call is for an item that was taken. */
  protected override isReady(waker: Waker): boolean {
    return this.inFlight === null || this.land(this.inFlight, waker);
  }
  /** The call that was begun is not done at once. */
  protected mustWait(waker: Waker): boolean {
    if (this.land(this.inFlight!, waker)) return false;
    this.endTurn();
    return true;
  }
  /** Takes a result; false when there is a future to wait for first. */
  protected took(result: R | Future<R>): boolean {
    if (result instanceof Future) {
      this.inFlight = claim(result as Future<R>);
      return false;
    }
    this.taken(result);
    return true;
  }
  private land(inFlight: Future<R>, waker: Waker): boolean {
    let result: Poll<R>;
    try {
      result = inFlight.poll(waker);
    } catch (error) {
      this.inFlight = null;
      throw error;
    }
    if (result === PENDING) return false;
    this.inFlight = null;
    this.taken(result);
    return true;
  }

  override drop(): void {
    if (this.inFlight !== null) abandon(this.inFlight);
    super.drop();
  }
  override innerWaits(): Iterable<Future<unknown>> {
    return this.inFlight === null ? super.innerWaits() : [this.inFlight];
  }
}

export class ForEach<T> extends Called<T, void, void> {
  declare private readonly each: Callback<T, number, void>;
  declare private index: number;
  constructor(source: Source<T>, turns: Turns, f: Body<void, [item: T, index: number]>) {
    super(source, turns);
    this.each = new Callback("Stream.forEach", f);
    this.index = 0;
  }
  protected call(item: T): void | Future<void> {
    return this.each.call(item, this.index++);
  }
  protected taken(): void {}
  protected atEnd(): void {}
}

export class Fold<T, A> extends Called<T, A, A> {
  declare private readonly step: Callback<A, T, A>;
  declare private state: A;
  constructor(source: Source<T>, turns: Turns, seed: A, f: Body<A, [acc: A, item: T]>) {
    super(source, turns);
    this.step = new Callback("Stream.fold", f);
    this.state = seed;
  }
  /** As long as the results are plain, without the calls in between (the "stream: synchronous" row of the bench). */
  protected override consume(source: Source<T>, waker: Waker): Poll<A> {
    const { plain } = this.step;
    if (plain === null) return super.consume(source, waker);
    for (;;) {
      const item = source.poll(waker);
      if (item === PENDING) return PENDING;
      if (item === END) return this.ended();
      const result = plain(this.state, item);
      if ((typeof result === "object" && result !== null) || typeof result === "function") {
        if (this.took(this.step.settled(result))) continue;
        return this.mustWait(waker) ? PENDING : super.consume(source, waker);
      }
      this.state = result;
    }
  }
  protected call(item: T): A | Future<A> {
    return this.step.call(this.state, item);
  }
  protected taken(state: A): void {
    this.state = state;
  }
  protected atEnd(): A {
    return this.state;
  }
}

/** All items, each looked at by `add`; not `PENDING`: enough was had. */
abstract class Visit<T, R> extends Terminal<T, R> {
  protected abstract add(item: T): Poll<R>;
  protected consume(source: Source<T>, waker: Waker): Poll<R> {
    for (;;) {
      const item = source.poll(waker);
      if (item === PENDING) return PENDING;
      if (item === END) return this.ended();
      const result = this.add(item);
      if (result !== PENDING) return result;
    }
  }
}

export class Collect<T> extends Visit<T, T[]> {
  declare private readonly items: T[];
  constructor(source: Source<T>, turns: Turns) {
    super(source, turns);
    this.items = [];
  }
  protected add(item: T): typeof PENDING {
    this.items.push(item);
    return PENDING;
  }
  protected atEnd(): T[] {
    return this.items;
  }
}

export class Count<T> extends Visit<T, number> {
  declare private count: number;
  constructor(source: Source<T>, turns: Turns) {
    super(source, turns);
    this.count = 0;
  }
  protected add(): typeof PENDING {
    this.count++;
    return PENDING;
  }
  protected atEnd(): number {
    return this.count;
  }
}

export class Last<T> extends Visit<T, T | undefined> {
  declare private item: T | undefined;
  constructor(source: Source<T>, turns: Turns) {
    super(source, turns);
    this.item = undefined;
  }
  protected add(item: T): typeof PENDING {
    this.item = item;
    return PENDING;
  }
  protected atEnd(): T | undefined {
    return this.item;
  }
}

/** The first item for which `test` holds. */
export class Find<T> extends Visit<T, T | undefined> {
  declare private readonly test: (item: T) => boolean;
  constructor(source: Source<T>, turns: Turns, test: (item: T) => boolean) {
    super(source, turns);
    this.test = test;
  }
  protected add(item: T): Poll<T | undefined> {
    return this.test(item) ? item : PENDING;
  }
  protected atEnd(): undefined {
    return undefined;
  }
}

/** Whether an item is there for which `test` gives `sought`; then that, else the opposite. */
export class Search<T> extends Visit<T, boolean> {
  declare private readonly test: (item: T) => boolean;
  declare private readonly sought: boolean;
  constructor(source: Source<T>, turns: Turns, test: (item: T) => boolean, sought: boolean) {
    super(source, turns);
    this.test = test;
    this.sought = sought;
  }
  protected add(item: T): Poll<boolean> {
    return Boolean(this.test(item)) === this.sought ? this.sought : PENDING;
  }
  protected atEnd(): boolean {
    return !this.sought;
  }
}

interface Sink<T> {
  send(item: T): Future<void> | PromiseLike<void> | void;
}

export class Forward<T> extends Called<T, void, void> {
  declare private readonly sink: Sink<T>;
  constructor(source: Source<T>, turns: Turns, sink: Sink<T>) {
    super(source, turns);
    this.sink = sink;
  }
  protected call(item: T): void | Future<void> {
    const sent = this.sink.send(item);
    return isThenable(sent) && !(sent instanceof Future) ? watchPromise(sent) : sent;
  }
  protected taken(): void {}
  protected atEnd(): void {}
}

const empty: Source<never> = null as never;
const turns = new Turns();
pin(new ForEach(empty, turns, () => {}));
pin(new Fold(empty, turns, 0, () => 0));
pin(new Collect(empty, turns));
pin(new Count(empty, turns));
