/**
 * Counts what was moved. It is told, not asked: nobody waits for it, and its failures go to nobody's
 * `catch`. They are reported to the runtime, and it goes on with what it knows.
 */
import type { Routine } from "millrace";
import type { Faults } from "./faults.ts";
import type { Order } from "./journal.ts";

export interface Volume {
  readonly orders: number;
  readonly moved: number;
}

export class Statistics {
  readonly #faults: Faults;
  #orders: number = 0;
  #moved: number = 0;

  constructor(faults: Faults) {
    this.#faults = faults;
  }
  *completed(order: Order): Routine<void> {
    this.#orders++;
    this.#moved += order.amount;
    yield* this.#faults.strike("after the statistics");
  }
  volume(): Volume {
    return { orders: this.#orders, moved: this.#moved };
  }
}
