/**
 * One account, made to be an actor: it looks at its balance, writes to the journal and changes the
 * balance, with waits in between, and needs no lock. What it knows can be lost at any time; a new one
 * reads it from the journal.
 *
 * A message can fail before or after the journal was written, and who sent it cannot tell. So it may be
 * sent again: an order that is in the journal is not booked twice.
 */
import type { Routine } from "millrace";
import type { Faults } from "./faults.ts";
import type { Journal, Order } from "./journal.ts";

/** Being refused is an answer. A failure would be the end of the actor. */
export type Booking = "done" | "refused";

export class Account {
  readonly #name: string;
  readonly #journal: Journal;
  readonly #faults: Faults;
  #balance: number;

  constructor(name: string, journal: Journal, faults: Faults) {
    this.#name = name;
    this.#journal = journal;
    this.#faults = faults;
    this.#balance = journal.balanceOf(name);
  }

  withdraw(order: Order): Routine<Booking> {
    return this.#book(order, -order.amount);
  }
  deposit(order: Order): Routine<Booking> {
    return this.#book(order, order.amount);
  }
  balance(): number {
    return this.#balance;
  }

  *#book(order: Order, amount: number): Routine<Booking> {
    if (this.#journal.has(order.id, this.#name)) return "done";
    if (this.#balance + amount < 0) return "refused";
    yield* this.#faults.strike(`before ${this.#name} wrote`);
    this.#journal.append({ order: order.id, account: this.#name, amount });
    this.#balance += amount;
    yield* this.#faults.strike(`after ${this.#name} wrote`);
    return "done";
  }
}
