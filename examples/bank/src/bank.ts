/** The accounts under their supervisor, and a way to talk to them that outlives their failures. */
import { ClosedError, sleep, timeout, TimeoutError, type Future, type Routine } from "millrace";
import { startActor, type ActorRef } from "millrace/actor";
import { Account, type Booking } from "./account.ts";
import { InjectedFault, type Faults } from "./faults.ts";
import type { Journal, Order } from "./journal.ts";

/** An account that takes longer to answer is asked again. In ms. */
const PATIENCE = 20;

export class Bank {
  readonly #journal: Journal;
  readonly #faults: Faults;
  readonly #names: readonly string[];
  /** Those that are there now; a restart puts another in the place. */
  readonly #accounts: Map<string, ActorRef<Account>> = new Map();
  starts: number = 0;
  retries: number = 0;

  constructor(names: readonly string[], journal: Journal, faults: Faults) {
    this.#names = names;
    this.#journal = journal;
    this.#faults = faults;
  }

  /** For `supervise`. */
  children(): Record<string, () => ActorRef<Account>> {
    return Object.fromEntries(this.#names.map((name) => [name, () => this.#open(name)]));
  }
  #open(name: string): ActorRef<Account> {
    this.starts++;
    const account = startActor(() => new Account(name, this.#journal, this.#faults), { name, mailbox: 8 });
    this.#accounts.set(name, account);
    return account;
  }

  /** Takes the money from the one and gives it to the other; what has begun is brought to its end. */
  *transfer(order: Order): Routine<Booking> {
    const withdrawn = yield* this.ask(order.from, (from) => from.ask.withdraw(order));
    if (withdrawn === "refused") return "refused";
    return yield* this.ask(order.to, (to) => to.ask.deposit(order));
  }

  /** Asks until there is an answer: whoever fails is started again, and knows what it had written. */
  *ask<T>(name: string, question: (account: ActorRef<Account>) => Future<T>): Routine<T> {
    for (;;) {
      const account = this.#accounts.get(name);
      try {
        if (account !== undefined) return yield* timeout(PATIENCE, question(account));
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.retries++;
      }
      yield* sleep(1);
    }
  }

  /** The supervisor is done when all have stopped. */
  *close(): Routine<void> {
    for (const account of this.#accounts.values()) yield* account.stop();
  }
}

function isTransient(error: unknown): boolean {
  // It failed; it had failed before its turn came; it takes too long.
  return error instanceof InjectedFault || error instanceof ClosedError || error instanceof TimeoutError;
}
