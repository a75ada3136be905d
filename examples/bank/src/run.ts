/** A day at the bank: many transfers at once, among failures, and an audit in the evening. */
import { scope, type Routine } from "millrace";
import { startActor, supervise } from "millrace/actor";
import { audit, type Audit } from "./audit.ts";
import { Bank } from "./bank.ts";
import { Faults, type FaultRates } from "./faults.ts";
import { Journal, type Order } from "./journal.ts";
import { seededRandom } from "./seeded-random.ts";
import { Statistics, type Volume } from "./statistics.ts";

export interface Options {
  readonly seed: number;
  readonly accounts: number;
  readonly transfers: number;
  /** How many transfers are under way at once. */
  readonly atOnce: number;
  readonly faults: FaultRates;
  /** How many restarts of accounts the supervisor puts up with, in a second. */
  readonly restartLimit: number;
}

export const defaults: Options = {
  seed: 1,
  accounts: 8,
  transfers: 200,
  atOnce: 16,
  faults: { crashes: 30, stalls: 10, stallMs: 30 },
  restartLimit: 500,
};

export interface Summary {
  readonly options: Options;
  readonly completed: number;
  readonly refused: number;
  readonly crashes: number;
  readonly stalls: number;
  readonly restarts: number;
  readonly retries: number;
  readonly volume: Volume;
  readonly audit: Audit;
}

const OPENING_BALANCE = 1000;

export function* run(options: Options): Routine<Summary> {
  const random = seededRandom(options.seed);
  const names = Array.from({ length: options.accounts }, (_, i) => `account ${i + 1}`);
  const journal = new Journal();
  for (const account of names) journal.append({ order: 0, account, amount: OPENING_BALANCE });
  const orders = Array.from({ length: options.transfers }, (_, i) => randomOrder(i + 1, names, random));

  const faults = new Faults(random, options.faults);
  const bank = new Bank(names, journal, faults);
  using statistics = startActor(() => new Statistics(faults), { name: "statistics", onFailure: "resume" });
  const restarts = { limit: options.restartLimit, within: { seconds: 1 } };
  const results = { done: 0, refused: 0 };

  const balances = yield* scope(function* (day) {
    day.spawn(supervise(bank.children(), { strategy: "oneForOne", restarts }), { name: "supervisor" });
    yield* scope(
      function* (counters) {
        for (const order of orders) {
          counters.spawn(function* () {
            const result = yield* bank.transfer(order);
            results[result]++;
            if (result === "done") yield* statistics.tell.completed(order);
          });
        }
      },
      { name: "counters", limit: options.atOnce },
    );
    const balances = new Map<string, number>();
    for (const name of names) balances.set(name, yield* bank.ask(name, (account) => account.ask.balance()));
    yield* bank.close();
    return balances;
  });

  return {
    options,
    completed: results.done,
    refused: results.refused,
    crashes: faults.crashes,
    stalls: faults.stalls,
    restarts: bank.starts - names.length,
    retries: bank.retries,
    volume: yield* statistics.ask.volume(),
    audit: audit(journal, balances, orders, OPENING_BALANCE * names.length),
  };
}

function randomOrder(id: number, names: readonly string[], random: () => number): Order {
  const from = Math.floor(random() * names.length);
  const to = (from + 1 + Math.floor(random() * (names.length - 1))) % names.length;
  return { id, from: names[from]!, to: names[to]!, amount: 1 + Math.floor(random() * 400) };
}
