/**
 * How the main thread learns of results without burning its core.
 *
 *   IDLE ──a call is under way──► POLLING ──nothing for the spin budget──► ASLEEP (until a message)  
 *    ▲                              │ ▲                                            │
 *    └────── none is any more ──────┘ └──────────────── woken ─────────────────────┘
 *
 * While polling it looks once in every turn of the host. That answers in a microsecond or two where being
 * woken takes fifty (the round-trip row of the bench), so it is worth a bounded, learned time. Not, though,
 * while the pool's threads are awake on every processor: then it would look on one that a thread needs in
 * order to get done (the row of dear items).
 */
import { host } from "../runtime/host.ts";
import { IDLE } from "./parking.ts";
import { SpinBudget } from "./spin-budget.ts";
import type { SharedMemory } from "./shared-memory.ts";
import type { Submitter } from "./submitter.ts";

export class CompletionWatch {
  readonly #memory: SharedMemory;
  readonly #submitter: Submitter;
  readonly #spin: SpinBudget;
  #isBusy: boolean = false;
  #isScheduled: boolean = false;
  #since: number = 0;
  #hasSlept: boolean = false;
  readonly #turn: () => void = () => {
    this.#isScheduled = false;
    this.#look();
  };

  constructor(memory: SharedMemory, submitter: Submitter) {
    this.#memory = memory;
    this.#spin = new SpinBudget(memory.parking.hasCores);
    this.#submitter = submitter;
  }

  busy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    if (!isBusy || this.#isScheduled) return;
    this.#memory.parking.rise(0);
    this.#hasSlept = false;
    this.#since = host.now();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    host.macrotask(this.#turn);
  }

  #look(): void {
    const { parking } = this.#memory;
    if (this.#submitter.hasResults) {
      const now = host.now();
      this.#spin.learn(now, now - this.#since, this.#hasSlept);
      this.#since = now;
      this.#hasSlept = false;
      this.#submitter.drain();
    } else if (this.#isBusy && (this.#hasSlept || host.now() - this.#since > this.#budget)) {
      parking.announce(0, IDLE);
      this.#hasSlept = true;
      if (!this.#submitter.hasResults) return;
      parking.rise(0);
    }
    if (this.#isBusy) this.#schedule();
  }

  get #budget(): number {
    return this.#memory.parking.timeToLook(this.#spin.budget);
  }

  /** A message says that there are results. */
  look(): void {
    if (!this.#isScheduled) this.#look();
  }
}
