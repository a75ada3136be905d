/** Transfers that lock two accounts in the order in which they are named. */
import { Mutex, join, spawn, yieldNow, type Body } from "millrace";
import { get, type Steps } from "../../both-styles.ts";
import type { Mutant } from "./mutant.ts";

interface Account {
  readonly id: number;
  readonly balance: Mutex<number>;
}

function* transfer(from: Account, to: Account, isBroken: boolean): Steps<void> {
  const [first, second] = isBroken || from.id < to.id ? [from, to] : [to, from];
  const outer = yield* get(first.balance.lock());
  yield* get(yieldNow());
  const inner = yield* get(second.balance.lock());
  const [source, target] = first === from ? [outer, inner] : [inner, outer];
  source.value -= 10;
  target.value += 10;
  inner.release();
  outer.release();
}

export const lockOrder: Mutant = {
  name: "locks are taken in opposite orders",
  failure: /deadlock/,
  options: {},
  program: ({ body }, isBroken) =>
    body(function* () {
      const [a, b] = [1, 2].map((id): Account => ({ id, balance: new Mutex(100) })) as [Account, Account];
      const there = body(() => transfer(a, b, isBroken));
      const back = body(() => transfer(b, a, isBroken));
      yield* get(join(spawn(there, { name: "a to b" }), spawn(back, { name: "b to a" })));
      for (const { balance } of [a, b]) {
        const guard = yield* get(balance.lock());
        if (guard.value !== 100) throw new Error(`${guard.value} instead of 100`);
        guard.release();
      }
    }) as Body<void>,
};
