/** The ends of sources that must wait: an iterator's `return()`, a producer's cleanup. */
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import type { Branch } from "../runtime/branch.ts";
import { Call } from "../runtime/call.ts";
import { reportFailure } from "../runtime/failure.ts";
import { abandon, Future } from "../runtime/future.ts";
import { host } from "../runtime/host.ts";
import type { TaskId } from "../runtime/kernel.ts";
import { ambientKernel } from "../runtime/trail.ts";

const NOBODY: Waker = { wake: () => {} };

/** Is told of what must end first. */
export interface Ends {
  begun(): void;
  ended(): void;
  failed(error: unknown): void;
}

/** Waits for the ends that it was told of, and throws the first failure among them. */
export class Closing extends Future<void> implements Ends {
  private open: number = 0;
  private failure: { readonly error: unknown } | undefined;
  private waker: Waker | undefined;

  begun(): void {
    this.open++;
  }
  ended(): void {
    this.open--;
    this.waker?.wake();
  }
  failed(error: unknown): void {
    this.failure ??= { error };
  }
  get isDone(): boolean {
    return this.open === 0;
  }

  poll(waker: Waker): Poll<void> {
    if (this.open > 0) {
      this.waker = waker;
      return PENDING;
    }
    if (this.failure !== undefined) throw this.failure.error;
  }
  override describeWait(): string {
    return "a stream's source to close";
  }
  override get isExternalWait(): boolean {
    return true;
  }
}

/**
 * The ends of a source whose call waits for a promise of others. A generator that is on its way to its next
 * `yield` is there within a turn of the host's loop: that long it is waited for. Nobody can hurry what takes
 * longer: those ends are not waited for.
 */
export class Patience implements Ends {
  #closing: Closing | null;
  #open: number = 0;
  constructor(closing: Closing, call: Branch<unknown>) {
    this.#closing = closing;
    const kernel = ambientKernel();
    kernel.foreign++;
    host.macrotask(() => {
      kernel.foreignDone();
      if (!call.isDone) this.#giveUp();
    });
  }

  begun(): void {
    this.#open++;
    this.#closing?.begun();
  }
  ended(): void {
    this.#open--;
    this.#closing?.ended();
  }
  failed(error: unknown): void {
    if (this.#closing === null) report(error);
    else this.#closing.failed(error);
  }
  #giveUp(): void {
    const closing = this.#closing;
    this.#closing = null;
    for (let open = this.#open; open > 0; open--) closing?.ended();
  }
}

/**
 * Runs a cleanup that may wait. It goes on whether or not anybody waits for it; the task that it belongs
 * to does not end before it. Its failure goes to `closing`, or is reported.
 */
export function close(closing: Ends | null, cleanup: () => unknown): void {
  closing?.begun();
  const call = new Call<unknown, []>(cleanup, [], {
    isShielded: true,
    name: "closing a stream's source",
    onEnd: () => closing?.ended(),
    ...(closing !== null && { onFailure: (error: unknown) => closing.failed(error) }),
  });
  try {
    if (call.poll(NOBODY) === PENDING) abandon(call);
  } catch (error) {
    if (closing !== null) closing.failed(error);
    else report(error);
  }
}

/** A failure while nobody waits. */
export function report(error: unknown): void {
  reportFailure(ambientKernel(), { error, id: 0 as TaskId, name: undefined, spawnedAt: undefined });
}
