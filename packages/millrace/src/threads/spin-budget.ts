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
 *   LOOKING ──most waits are long──► PAUSED ──its time is over──► TRIAL ──most are short──► LOOKING
 *      ▲                               └──◄──most are long, until its end──┘
 *      └── nothing for a while: begins anew
 *
 * A trial lasts longer than a few waits, because of kernels that wake a thread on the core of the one that wakes
 * it, while another core is idle: there looking cannot succeed, and only two threads that both look for as
 * long as the kernel takes to notice are moved apart. That costs some ms in which nearly nothing is done, and
 * sleeping at once costs half the speed; so a trial comes after about as much work as it costs. Less work than
 * that never pays for one (a burst of 1000 calls takes half the time since), nor do threads that are too many
 * for the cores (the row of uneven calls).
 *
 * Pauses and trials are counted in time in which there is work: an idle thread learns nothing.
 */

/** Longer waits are not worth looking through, in ms. */
const SHORT = 0.1;
/** What a kernel takes to notice that two threads want one core (its ticks are 1 to 10 ms apart), in ms. */
const TRIAL = 12;
/** Meanwhile threads look for longer, or the kernel would seldom see both do so, in ms. */
const TRIAL_SHORT = 2;
/** Pauses, in ms: the first, and after many failures. */
const FIRST_PAUSE = 3;
const LONGEST_PAUSE = 400;
/** Of the time from the end of one wait to that of the next, so much counts, in ms. */
const MOST_WORK = 2;
/** After so long without an end of a wait it begins anew, in ms. */
const IDLE = 10;
const WEIGHT = 0.125;
/** A few long waits are enough to pause. */
const CHANCE_AT_FIRST = 0.7;

export class SpinBudget {
  /** How many of the latest waits ended while it looked, 0 … 1. */
  #chance: number = CHANCE_AT_FIRST;
  #nextPause: number = FIRST_PAUSE;
  /** What is left of a pause, of a trial, in ms. */
  #pause: number = 0;
  #trial: number = 0;
  /** When the latest wait ended. */
  #latest: number = -Infinity;
  readonly #trialShort: number;

  /** `canMove`: there may be a core for each of those who wait for one another. */
  constructor(canMove: boolean = true) {
    this.#trialShort = canMove ? TRIAL_SHORT : SHORT;
  }

  /** In ms, for a wait that begins; 0 says: sleep at once. */
  get budget(): number {
    if (this.#pause > 0) return 0;
    return this.#trial > 0 ? this.#trialShort : SHORT;
  }

  /** A wait of `ms` has ended now. */
  learn(now: number, ms: number, hasSlept: boolean): void {
    const work = now - this.#latest;
    this.#latest = now;
    if (work > IDLE) this.#beginAnew();
    else if (this.#pause > 0) this.#rest(Math.min(work, MOST_WORK));
    else {
      this.#trial -= Math.min(work, MOST_WORK);
      this.#judge(!hasSlept && ms <= SHORT);
    }
  }

  #beginAnew(): void {
    this.#chance = CHANCE_AT_FIRST;
    this.#nextPause = FIRST_PAUSE;
    this.#pause = this.#trial = 0;
  }
  #rest(work: number): void {
    this.#pause -= work;
    if (this.#pause > 0) return;
    this.#trial = TRIAL;
    this.#chance = 1;
  }
  #judge(isHit: boolean): void {
    this.#chance += ((isHit ? 1 : 0) - this.#chance) * WEIGHT;
    if (this.#chance > 0.9) this.#nextPause = FIRST_PAUSE;
    if (this.#chance >= 0.5 || this.#trial > 0) return;
    this.#pause = this.#nextPause;
    this.#nextPause = Math.min(this.#nextPause * 2, LONGEST_PAUSE);
  }
}
