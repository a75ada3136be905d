/** A source that counts what is done to it. */
import { type Future, type Poll, PENDING, sleep } from "millrace";
import { step } from "millrace/testing";
import { Stream } from "millrace/stream";
import { get, type Steps } from "../both-styles.ts";

/** Gives 0, 1, 2, … up to `end`; after that it ends. Each `next()` takes `ms` when that is more than 0. */
export class Watched implements AsyncIterable<number> {
  /** Calls of `next()`. */
  pulls: number = 0;
  /** Calls of `return()`. */
  returns: number = 0;
  isPulled: boolean = false;
  readonly #end: number;
  readonly #ms: number;
  constructor(end: number = Infinity, ms: number = 0) {
    this.#end = end;
    this.#ms = ms;
  }
  stream(): Stream<number> {
    return Stream.from(this);
  }
  [Symbol.asyncIterator](): AsyncIterator<number, undefined> {
    return {
      next: async () => {
        const value = this.pulls++;
        this.isPulled = true;
        try {
          if (this.#ms > 0) await sleep(this.#ms);
        } finally {
          this.isPulled = false;
        }
        return value < this.#end ? { done: false, value } : { done: true, value: undefined };
      },
      return: async () => {
        this.returns++;
        return { done: true, value: undefined };
      },
    };
  }
}

/** As `Watched`, but it is never waited for. */
export class WatchedIterable implements Iterable<number> {
  pulls: number = 0;
  returns: number = 0;
  readonly #end: number;
  constructor(end: number = Infinity) {
    this.#end = end;
  }
  stream(): Stream<number> {
    return Stream.from(this);
  }
  [Symbol.iterator](): Iterator<number, undefined> {
    return {
      next: () => {
        const value = this.pulls++;
        return value < this.#end ? { done: false, value } : { done: true, value: undefined };
      },
      return: () => {
        this.returns++;
        return { done: true, value: undefined };
      },
    };
  }
}

/** What `future` throws; fails when it does not. */
export function* failureOf(future: Future<unknown>): Steps<unknown> {
  const end = yield* get(future.settled());
  if (end.status === "fulfilled") throw new Error(`expected a failure, got ${String(end.value)}`);
  return end.status === "rejected" ? end.reason : end;
}

/** The items of `stream` up to its end or failure, and what comes after that. */
export function* drained<T>(stream: Stream<T>): Steps<unknown[]> {
  const seen: unknown[] = [];
  for (;;) {
    const end = yield* get(stream.next().settled());
    if (end.status !== "fulfilled") seen.push(end.status === "rejected" ? messageOf(end.reason) : end.status);
    else if (end.value.done === true) seen.push("done");
    else seen.push(end.value.value);
    if (seen.at(-1) === "done" && (seen.at(-2) === "done" || seen.length > 1000)) return seen.slice(0, -1);
  }
}
export function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Polls the next item once. `undefined` when it has to wait: what was asked for is abandoned. */
export function glance<T>(stream: Stream<T>): Poll<IteratorResult<T, undefined>> | "waits" {
  using next = step(stream.next());
  const result = next.poll();
  return result === PENDING ? "waits" : result;
}
