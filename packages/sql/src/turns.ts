/**
 * One at a time, first come, first served. As long as nobody has to wait it is a flag; the semaphore, which
 * diagnostics list until it is collected, is made for the first one that waits.
 *
 *   FREE ──take──► TAKEN ──dispose──► FREE
 *                    └──somebody waits──► the semaphore has the turn, when nobody else has
 */
import { Semaphore, type Routine } from "millrace";

export class Turns {
  readonly #name: string;
  #isTaken: boolean = false;
  #waiting: Semaphore | undefined;

  /** `name`: what those who wait are said to wait for. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Abandoned while it waits, it leaves the line. */
  *take(): Routine<Disposable> {
    if (!this.#isTaken) this.#isTaken = true;
    else if (this.#waiting?.forgetPermits(1) !== 1) {
      this.#waiting ??= new Semaphore(0, { name: this.#name });
      (yield* this.#waiting.acquire()).forget();
    }
    return { [Symbol.dispose]: () => this.#give() };
  }

  #give(): void {
    if (this.#waiting === undefined) this.#isTaken = false;
    else this.#waiting.addPermits(1);
  }
}
