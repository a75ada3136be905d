/** Items in groups. A group that a failure interrupts is given first, and then the failure. */
import { PENDING, type Waker } from "../runtime/body.ts";
import type { Future } from "../runtime/future.ts";
import { now } from "../time/sleep.ts";
import type { Closing } from "./closing.ts";
import { Deadline } from "./deadline.ts";
import { END, Operator, type Pulled, type Source } from "./source.ts";

abstract class Chunked<T> extends Operator<T, T[]> {
  readonly #size: number;
  #chunk: T[] = [];
  #end: { readonly failure: { readonly error: unknown } | null } | null = null;

  constructor(upstream: Source<T>, size: number) {
    super(upstream);
    this.#size = size;
  }
  /** Nothing more can be had now: whether the group is complete as it is. */
  protected isComplete(_waker: Waker): boolean {
    return false;
  }
  /** The first item of a group has come. */
  protected opened(): void {}
  protected closed(): void {}

  poll(waker: Waker): Pulled<T[]> {
    while (this.#end === null) {
      let item: Pulled<T>;
      try {
        item = this.upstream.poll(waker);
      } catch (error) {
        this.#end = { failure: { error } };
        break;
      }
      if (item === END) this.#end = { failure: null };
      else if (item !== PENDING) {
        if (this.#chunk.push(item) === 1) this.opened();
        if (this.#chunk.length === this.#size) return this.#take();
      } else return this.#chunk.length > 0 && this.isComplete(waker) ? this.#take() : PENDING;
    }
    if (this.#chunk.length > 0) return this.#take();
    const { failure } = this.#end;
    if (failure === null) return END;
    this.#end = this.survives(failure.error) ? null : { failure: null };
    throw failure.error;
  }

  #take(): T[] {
    const chunk = this.#chunk;
    this.#chunk = [];
    this.closed();
    return chunk;
  }
}

/** Full groups; the last one may be shorter. */
export class Chunks<T> extends Chunked<T> {}

/** Whatever is ready. */
export class ReadyChunks<T> extends Chunked<T> {
  protected override isComplete(): boolean {
    return true;
  }
}

/** Full groups, or what has come in some time after the first. */
export class ChunksTimeout<T> extends Chunked<T> {
  readonly #limit: number;
  readonly #deadline: Deadline = new Deadline();
  /** When the group is given, full or not. */
  #dueAt: number = 0;

  constructor(upstream: Source<T>, size: number, limit: number) {
    super(upstream, size);
    this.#limit = limit;
  }
  override poll(waker: Waker): Pulled<T[]> {
    this.#deadline.begin();
    return super.poll(waker);
  }
  protected override opened(): void {
    this.#dueAt = now() + this.#limit;
  }
  protected override isComplete(waker: Waker): boolean {
    return this.#deadline.hasPassed(this.#dueAt, waker);
  }
  protected override closed(): void {
    this.#deadline.stop();
  }
  protected override free(closing: Closing | null): void {
    this.closed();
    super.free(closing);
  }
  override *waits(): Iterable<Future<unknown>> {
    yield* super.waits();
    const { timer } = this.#deadline;
    if (timer !== null) yield timer;
  }
}
