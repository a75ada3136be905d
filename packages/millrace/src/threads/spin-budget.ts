/**
 * How long to look for work before sleeping, learned from how long the waits turn out to be.
 *
 * Waking a sleeping thread costs tens of microseconds (the round-trip row of the bench), so a wait that
 * will be short is better spent looking. A fixed time is wrong on a loaded machine, where it takes the
 * very core that the other side needs; so is a time learned from probes that are too short to ever
 * succeed. A thread that burns its share of a loaded core is also the last to be woken on it. Therefore: look
 * for a fixed time as long as most waits end while looking; else sleep at once, for longer and longer,
 * before trying again.
 *
 *   TRIAL ──most waits are short──► LOOKING ──most are long──► PAUSED ──its time is over──► TRIAL
 *     └────────────most are long, until its end────────────────►┘
 *
 * A trial lasts longer than a few waits, because of kernels that keep two threads which take turns on one
 * core while another is idle: there looking cannot succeed, and only two threads that both look for
 * as long as the kernel takes to notice are moved apart. A pause is so much longer than a trial that trials
 * in vain cost little.
 */

/** Longer waits are not worth looking through, in ms. */
const SHORT = 0.25;
/** What a kernel takes to notice that two threads want one core (its ticks are 1 to 10 ms apart), in ms. */
const TRIAL = 12;
/** Meanwhile threads look for longer, or the kernel would seldom see both do so, in ms. */
const TRIAL_SHORT = 1;
/** Pauses, in ms: the first, and after many failures. */
const FIRST_PAUSE = 4;
const LONGEST_PAUSE = 400;
const WEIGHT = 0.125;

export class SpinBudget {
  /** How many of the latest waits ended while it looked, 0 … 1. */
  #chance: number = 1;
  #nextPause: number = FIRST_PAUSE;
  #trialUntil: number = -Infinity;
  #pauseUntil: number = -Infinity;
  /** When the latest wait ended. */
  #latest: number = -Infinity;

  /** In ms, for a wait that begins now; 0 says: sleep at once. */
  budget(now: number): number {
    if (now < this.#pauseUntil) return 0;
    return now < this.#trialUntil ? TRIAL_SHORT : SHORT;
  }

  /** A wait has ended now. */
  learn(now: number, ms: number, hasSlept: boolean): void {
    const isFresh = now - this.#latest > LONGEST_PAUSE;
    this.#latest = now;
    if (now - ms < this.#pauseUntil) return;
    if (isFresh) this.#nextPause = FIRST_PAUSE;
    if (isFresh || this.#pauseUntil > this.#trialUntil) {
      this.#trialUntil = now + TRIAL;
      this.#chance = 1;
    }
    const isHit = !hasSlept && ms <= SHORT;
    this.#chance += ((isHit ? 1 : 0) - this.#chance) * WEIGHT;
    if (this.#chance > 0.9) this.#nextPause = FIRST_PAUSE;
    if (this.#chance >= 0.5 || now < this.#trialUntil) return;
    this.#pauseUntil = now + this.#nextPause;
    this.#nextPause = Math.min(this.#nextPause * 2, LONGEST_PAUSE);
  }
}
