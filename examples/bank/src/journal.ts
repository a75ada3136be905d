/** What survives a crash: every movement of money, in the order in which it happened. */

export interface Order {
  readonly id: number;
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

/** One side of an order: negative where the money leaves. */
export interface Entry {
  readonly order: number;
  readonly account: string;
  readonly amount: number;
}

/** Stands for a table of a database: appending is atomic. */
export class Journal {
  readonly entries: Entry[] = [];
  readonly #written: Set<string> = new Set();

  append(entry: Entry): void {
    if (this.has(entry.order, entry.account))
      throw new Error(`order ${entry.order} is in the journal of ${entry.account} already`);
    this.#written.add(`${entry.order} ${entry.account}`);
    this.entries.push(entry);
  }
  has(order: number, account: string): boolean {
    return this.#written.has(`${order} ${account}`);
  }
  balanceOf(account: string): number {
    return this.entries.reduce((sum, entry) => (entry.account === account ? sum + entry.amount : sum), 0);
  }
}
