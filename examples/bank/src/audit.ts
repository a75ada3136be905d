/** What must be true of a journal, whatever has failed meanwhile. */
import type { Journal, Order } from "./journal.ts";

export interface Audit {
  readonly before: number;
  readonly after: number;
  /** Each a sentence; none in an honest bank. */
  readonly complaints: readonly string[];
}

export function audit(
  journal: Journal,
  balances: ReadonlyMap<string, number>,
  orders: readonly Order[],
  before: number,
): Audit {
  const complaints: string[] = [];
  const running = new Map<string, number>();
  for (const { account, amount, order } of journal.entries) {
    const balance = (running.get(account) ?? 0) + amount;
    running.set(account, balance);
    if (balance < 0) complaints.push(`${account} is overdrawn by order ${order}`);
  }
  for (const { id, from, to } of orders) {
    if (journal.has(id, from) !== journal.has(id, to)) complaints.push(`order ${id} was left half done`);
  }
  for (const [account, balance] of balances) {
    const booked = running.get(account);
    if (balance !== booked) complaints.push(`${account} believes in ${balance}, its journal says ${booked}`);
  }
  const after = [...balances.values()].reduce((sum, balance) => sum + balance, 0);
  if (after !== before) complaints.push(`${before} became ${after}`);
  return { before, after, complaints };
}
