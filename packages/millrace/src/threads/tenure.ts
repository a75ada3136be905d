/**
 * A thread's right to act under its number in the pool's shared memory.
 *
 * A thread that is to be ended may run on for a while after the platform has said that it ended (backend.ts:
 * `terminationWaits`), beside the one that has taken its place: what it wrote then, it would write over its
 * successor's. So it acts in turns, and is dismissed in shared memory before it has a successor.
 *
 *   AWAY ──begin──► ACTING ──end──► AWAY        DISMISSED: it ends itself instead of beginning
 *
 * Invariants
 *  1. A thread says that it acts before it looks whether it was dismissed; whoever dismisses it looks
 *     afterwards whether it acts, and waits for the end of that turn. One of the two sees the other.
 *  2. It is away while a function of a user runs and while it sleeps: a turn is short.
 *
 * Where the platform waits for the end of a thread, nobody need say anything, and a look is all there is.
 */
import { host } from "../runtime/host.ts";
import { exitThread, terminationWaits } from "./backend.ts";

const AWAY = 0;
const ACTING = 1;
/** A thread that was ended in mid-turn after all is not waited for any longer than this (ms). */
const LONGEST_TURN = 100;

interface Leaving {
  readonly actsInTurns: boolean;
  readonly exit: () => void;
}
const HERE: Leaving = { actsInTurns: !terminationWaits, exit: exitThread };

export class Tenure {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #turn: number;
  readonly #life: number;
  readonly #actsInTurns: boolean;
  readonly #exit: () => void;
  /** Turns that it has begun, one within the other. */
  #depth: number = 0;

  /** `at`: the word with the number of the first life that is not dismissed; `turn`: that with what it does. */
  constructor(
    words: Int32Array,
    at: number,
    turn: number,
    life: number,
    { actsInTurns, exit }: Leaving = HERE,
  ) {
    this.#actsInTurns = actsInTurns;
    this.#exit = exit;
    this.#words = words;
    this.#at = at;
    this.#turn = turn;
    this.#life = life;
  }

  /** Does not return if this thread has been dismissed. */
  begin(): void {
    if (this.#actsInTurns && this.#depth++ === 0) Atomics.store(this.#words, this.#turn, ACTING);
    this.#check();
  }
  end(): void {
    if (this.#actsInTurns && --this.#depth === 0) Atomics.store(this.#words, this.#turn, AWAY);
  }

  /** Others have the thread, or it sleeps, until `resume` is called with what this gives. */
  pause(): number {
    if (!this.#actsInTurns) return 0;
    const depth = this.#depth;
    this.#depth = 0;
    Atomics.store(this.#words, this.#turn, AWAY);
    return depth;
  }
  /** Does not return if this thread has been dismissed. */
  resume(depth: number): void {
    if (this.#actsInTurns && (this.#depth = depth) > 0) Atomics.store(this.#words, this.#turn, ACTING);
    this.#check();
  }

  #check(): void {
    // Only where it acts in turns does the order of the two matter.
    const words = this.#words;
    const seen = this.#actsInTurns ? Atomics.load(words, this.#at) : words[this.#at];
    if (seen === this.#life) return;
    if (this.#actsInTurns) Atomics.store(words, this.#turn, AWAY);
    this.#exit();
  }
}

/** From now on the thread with that life does nothing in the pool, wherever its code may still run. */
export function dismiss(words: Int32Array, at: number, life: number): void {
  Atomics.store(words, at, life + 1);
}

export function isActing(words: Int32Array, turn: number): boolean {
  return Atomics.load(words, turn) === ACTING;
}

/** Until the turn of a thread that was dismissed has ended. */
export function awaitTurn(words: Int32Array, turn: number): void {
  if (terminationWaits) return;
  const until = host.now() + LONGEST_TURN;
  while (isActing(words, turn) && host.now() < until);
  Atomics.store(words, turn, AWAY);
}
