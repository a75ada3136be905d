/**
 * Several sources read as one, in turn. Each has a waker of its own, so that only those that may have an
 * item are polled; one that gave an item goes to the end of the line.
 */
import { PENDING, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import type { Future } from "../runtime/future.ts";
import { Ring } from "../internal/ring.ts";
import type { Closing } from "./closing.ts";
import { END, type Pulled, type Source } from "./source.ts";

export class Member<K, T> implements Waker {
  declare readonly key: K;
  declare readonly source: Source<T>;
  declare private readonly members: Members<K, T>;
  /** In line to be polled. */
  declare isReady: boolean;
  declare hasLeft: boolean;
  constructor(members: Members<K, T>, key: K, source: Source<T>) {
    this.key = key;
    this.source = source;
    this.members = members;
    this.isReady = false;
    this.hasLeft = false;
  }
  wake(): void {
    if (this.isReady || this.hasLeft) return;
    this.members.line(this);
    this.members.waker?.wake();
  }
}

export class Members<K, T> {
  readonly all: Set<Member<K, T>> = new Set();
  waker: Waker | null = null;
  /** Whose the last item was. */
  latest: Member<K, T> | undefined;
  readonly #line: Ring<Member<K, T>> = new Ring();
  readonly #onEnd: ((key: K) => void) | undefined;

  /** `onEnd`: a member has ended, and left. */
  constructor(onEnd?: (key: K) => void) {
    this.#onEnd = onEnd;
  }

  add(key: K, source: Source<T>): Member<K, T> {
    const member = new Member(this, key, source);
    this.all.add(member);
    member.wake();
    return member;
  }
  /** Its source goes on without it. */
  remove(member: Member<K, T>): void {
    member.hasLeft = true;
    this.all.delete(member);
    // Whoever waits may be waiting for nobody now.
    this.waker?.wake();
  }
  line(member: Member<K, T>): void {
    member.isReady = true;
    this.#line.push(member);
  }

  /** The next item of any; END when nobody is left. Each is polled at most once, and only with budget left. */
  poll(waker: Waker): Pulled<T> {
    this.waker = waker;
    for (let turns = this.#line.length; turns > 0; turns--) {
      // One that uses up the budget each time must not keep it from the others: they are first next time.
      if (!mayProceed(waker)) return PENDING;
      const member = this.#line.shift()!;
      member.isReady = false;
      if (member.hasLeft) continue;
      let item: Pulled<T>;
      try {
        item = member.source.poll(member);
      } catch (error) {
        if (member.source.survives(error)) member.wake();
        throw error;
      }
      if (item === PENDING) continue;
      if (item !== END) {
        if (!member.isReady && !member.hasLeft) this.line(member);
        this.latest = member;
        return item;
      }
      member.source.isOver = true;
      member.hasLeft = true;
      this.all.delete(member);
      this.#onEnd?.(member.key);
    }
    if (this.#line.length > 0) waker.wake();
    return this.all.size === 0 ? END : PENDING;
  }

  survives(error: unknown): boolean {
    for (const { source } of this.all) if (source.survives(error)) return true;
    return false;
  }
  release(closing: Closing | null): void {
    this.waker = null;
    for (const member of this.all) {
      member.hasLeft = true;
      member.source.release(closing);
    }
    this.all.clear();
  }
  *waits(): Iterable<Future<unknown>> {
    for (const { source } of this.all) yield* source.waits();
  }
}
