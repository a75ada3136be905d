/**
 * A thread's right to act under its number in the pool's shared memory.
 *
 * A thread that is to be ended may run on for a while after the platform has said that it ended (backend.ts:
 * `terminationWaits`), beside the one that has taken its place: what it wrote then, it would write over its
 * successor's. So it is dismissed in shared memory first, and ends itself where it would act next.
 *
 * Invariant: between a look at the word and what is written after it no function of a user runs.
 */
import { exitThread } from "./backend.ts";

export class Tenure {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #life: number;

  /** `at`: the word with the number of the first life that is not dismissed. */
  constructor(words: Int32Array, at: number, life: number) {
    this.#words = words;
    this.#at = at;
    this.#life = life;
  }

  /** Does not return if this thread has been dismissed. */
  check(): void {
    if (this.#words[this.#at] !== this.#life) exitThread();
  }
}
