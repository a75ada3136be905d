/** The cancellation of one branch: its error and, as a timer, the end of its cleanup window. */
import { CancelledError } from "../errors.ts";
import type { Await } from "./await.ts";
import type { Routine } from "./body.ts";
import { Timer, type Clock } from "./clock.ts";
import { host } from "./host.ts";

/** How often a body may go on after its window before it is left behind. */
const FORCED_ROUNDS = 64;

/**
 * The cleanup window of a generator body is over: throw once more, then return, a bounded number of
 * times. One that still suspends (`done` false) can only be left behind.
 */
export function unwindByForce<T>(
  routine: Routine<T>,
  error: CancelledError,
): { readonly done: boolean; readonly isReturned: boolean; readonly value: T } {
  let step: IteratorResult<unknown, T> = routine.throw(error);
  if (step.done) return { done: true, isReturned: false, value: step.value };
  for (let round = 0; round < FORCED_ROUNDS && !step.done; round++) step = routine.return(undefined as T);
  return { done: step.done ?? false, isReturned: true, value: undefined as T };
}

/** Why calls are dropped right now, if not because whoever polls them is cancelled. */
let dropReason: unknown;

export function reasonOfDrop(): unknown {
  return dropReason;
}
/** What is dropped meanwhile is told `reason`. */
export function dropBecause(reason: unknown, drop: () => void): void {
  const outer = dropReason;
  dropReason = reason;
  try {
    drop();
  } finally {
    dropReason = outer;
  }
}

export class Cancellation extends Timer {
  declare readonly error: CancelledError;
  /** How often awaits were rejected since the window ended. */
  declare private rounds: number;
  declare private readonly target: { expire(): void };

  constructor(target: { expire(): void }, error: CancelledError) {
    super();
    this.rounds = 0;
    this.target = target;
    this.error = error;
  }
  fire(): void {
    this.target.expire();
  }
  /** The cleanup window begins, or begins anew. */
  openWindow(clock: Clock, ms: number): void {
    clock.cancel(this);
    clock.schedule(this, clock.now() + ms);
  }

  /** Whether a body that goes on after its window is told once more. */
  mayRetry(): boolean {
    return ++this.rounds <= FORCED_ROUNDS;
  }
  /** Rejects an await of a body that came back late; in a macrotask, so that a loop cannot starve the host. */
  rejectLate(pending: Await<unknown>): void {
    if (this.mayRetry()) host.macrotask(() => pending.reject(this.error));
  }

  /** For a body that is stuck in something the runtime cannot drop. */
  leftBehind(who: string, window: number): CancelledError {
    return new CancelledError(
      `${who} was cancelled, but its body still waits for something outside the runtime ${window} ms later; it was left behind`,
      this.error.reason,
    );
  }
}
