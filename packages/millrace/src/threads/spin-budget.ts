/**
 * How long to look for work before sleeping, learned from how long the waits turn out to be.
 *
 * Waking a sleeping thread costs tens of microseconds (the round-trip row of the bench), so a wait that
 * will be short is better spent looking. A fixed time is wrong on a loaded machine, where it takes the
 * very core that the other side needs; so is a time learned from probes that are too short to ever
 * succeed. A thread that burns its share of a loaded core is also the last to be woken on it. Therefore: look
 * for a fixed time as long as most waits end while looking; else sleep at once, for more and more waits,
 * before trying again.
 */

/** Longer waits are not worth looking through, in ms. */
const SHORT = 0.1;
/** So many waits are slept through before looking is tried again: at first, and after many failures. */
const FIRST_PAUSE = 4;
const LONGEST_PAUSE = 256;
const WEIGHT = 0.125;
/** Two failures after a pause are enough to go on pausing. */
const TRYING = 0.6;

export class SpinBudget {
  /** How many of the latest waits ended while it looked, 0 … 1. */
  #chance: number = 1;
  #nextPause: number = FIRST_PAUSE;
  /** Waits left that are slept through. */
  #pause: number = 0;

  /** In ms; 0 says: sleep at once. */
  get ms(): number {
    return this.#pause > 0 ? 0 : SHORT;
  }

  /** A wait has ended. */
  learn(ms: number, hasSlept: boolean): void {
    if (this.#pause > 0) {
      if (--this.#pause === 0) this.#chance = TRYING;
      return;
    }
    const isHit = !hasSlept && ms <= SHORT;
    this.#chance += ((isHit ? 1 : 0) - this.#chance) * WEIGHT;
    if (this.#chance > 0.9) this.#nextPause = FIRST_PAUSE;
    if (this.#chance >= 0.5) return;
    this.#pause = this.#nextPause;
    this.#nextPause = Math.min(this.#nextPause * 2, LONGEST_PAUSE);
  }
}
