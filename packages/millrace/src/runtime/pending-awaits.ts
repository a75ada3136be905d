/** The awaits of one async body that are pending right now. */
import type { Await } from "./await.ts";
import type { Branch } from "./branch.ts";
import type { Cancellation } from "./cancellation.ts";
import { abandon } from "./future.ts";
import { host } from "./host.ts";
import { cx } from "./kernel.ts";

export class PendingAwaits {
  readonly #branch: Branch<unknown>;
  #first: Await<unknown> | null = null;

  constructor(branch: Branch<unknown>) {
    this.#branch = branch;
  }

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

  /**
   * Drops what is awaited; the awaits stay pending. What is dropped may have to clean up, and the branch
   * is the one that waits for it.
   */
  abandonAll(): void {
    const { branch } = cx;
    cx.branch = this.#branch;
    for (const each of this.list()) each.abandon(abandon);
    cx.branch = branch;
  }

  rejectAll(error: unknown): void {
    for (const each of this.list()) each.reject(error);
  }

  /**
   * After the cleanup window. Each rejection waits for a macrotask, so that a body that swallows them in
   * a loop cannot starve the host; one that still goes on, or waits for a foreign promise, is left behind.
   */
  force(cancellation: Cancellation): void {
    const branch = this.#branch;
    const { kernel } = branch;
    kernel.foreign++;
    host.macrotask(() => {
      kernel.foreignDone();
      if (branch.isDone) return;
      this.abandonAll();
      if (this.isEmpty || !cancellation.mayRetry()) {
        branch.leaveBehind(cancellation.leftBehind(branch.describe(), kernel.cleanupWindow));
        return;
      }
      this.rejectAll(cancellation.error);
      this.force(cancellation);
    });
  }
}
