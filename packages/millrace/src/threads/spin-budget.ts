/**
 * How long to look for work before sleeping, learned from how long the waits turn out to be.
 *
 * Waking a sleeping thread costs tens of microseconds (the round-trip row of the bench), so a wait that
 * will be short is better spent looking. A fixed time is wrong on a loaded machine, where it takes the
 * very core that the other side needs; so is a time learned from probes that are too short to ever
 * succeed. Therefore every wait counts, also one that was slept through: as long as most are short the
 * budget is a multiple of them, and when most are long it is nothing.
 */

/** Longer waits are not worth looking through, in ms. */
const SHORT = 0.2;
/** What a wait that was slept through may have cost on top. */
const WAKE_UP = 0.15;
const LEAST = 0.01;
const WEIGHT = 0.125;

export class SpinBudget {
  /** How many of the latest waits were short, 0 … 1. */
  #chance: number = 1;
  /** Their mean length in ms. */
  #mean: number = 0.05;

  /** In ms; 0 says: sleep at once. */
  get ms(): number {
    if (this.#chance < 0.5) return 0;
    return Math.min(SHORT, Math.max(LEAST, this.#mean * 4));
  }

  /** A wait has ended after `ms`. */
  learn(ms: number, hasSlept: boolean): void {
    const length = hasSlept ? ms - WAKE_UP : ms;
    const isShort = length <= SHORT;
    this.#chance += ((isShort ? 1 : 0) - this.#chance) * WEIGHT;
    if (isShort) this.#mean += (Math.max(0, length) - this.#mean) * WEIGHT;
  }
}
