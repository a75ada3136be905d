/** The cancellation of one branch: its error and, as a timer, the end of its cleanup window. */
import { CancelledError } from "../errors.ts";
import { TimerEntry, type Clock } from "./clock.ts";

/** How often a body may go on after its window before it is left behind. */
export const FORCED_ROUNDS = 64;

export class Cancellation extends TimerEntry {
  declare readonly error: CancelledError;
  /** How often awaits were rejected since the window ended. */
  declare rounds: number;
  readonly #target: { expire(): void };

  constructor(target: { expire(): void }, error: CancelledError) {
    super();
    this.rounds = 0;
    this.#target = target;
    this.error = error;
  }
  fire(): void {
    this.#target.expire();
  }
  /** The cleanup window begins, or begins anew. */
  openWindow(clock: Clock, ms: number): void {
    clock.cancel(this);
    clock.schedule(this, clock.now() + ms);
  }

  /** For a body that is stuck in something the runtime cannot drop. */
  leftBehind(who: string, window: number): CancelledError {
    return new CancelledError(
      `${who} was cancelled, but its body still waits for something outside the runtime ${window} ms later; it was left behind`,
      this.error.reason,
    );
  }
}
