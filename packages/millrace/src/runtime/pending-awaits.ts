/** The awaits of one async body that are pending right now. */
import type { Await } from "./await.ts";
import { abandon } from "./future.ts";

export class PendingAwaits {
  #first: Await<unknown> | null = null;

  get isEmpty(): boolean {
    return this.#first === null;
  }

  add(pending: Await<unknown>): void {
    const first = this.#first;
    pending.nextAwait = first;
    if (first !== null) first.prevAwait = pending;
    this.#first = pending;
  }

  remove(pending: Await<unknown>): void {
    const { prevAwait, nextAwait } = pending;
    if (prevAwait === null) this.#first = nextAwait;
    else prevAwait.nextAwait = nextAwait;
    if (nextAwait !== null) nextAwait.prevAwait = prevAwait;
    pending.nextAwait = pending.prevAwait = null;
  }

  /** As it is now: rejecting one takes it out, and what it resumes may add others. */
  list(): Await<unknown>[] {
    const all: Await<unknown>[] = [];
    for (let each = this.#first; each !== null; each = each.nextAwait) all.push(each);
    return all;
  }

  /** Drops what is awaited; the awaits stay pending. */
  abandonAll(): void {
    for (const each of this.list()) each.abandon(abandon);
  }

  rejectAll(error: unknown): void {
    for (const each of this.list()) each.reject(error);
  }
}
