import { RateLimiter as Limiter } from "limiter";
import { RateLimiter, type Routine, Runtime } from "millrace";
import { PromiseTokenBucket } from "../promise-token-bucket.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

/** Never used up: what is measured is asking, not waiting. */
const RATE = 1_000_000_000;

export const rateLimiter: Workload = {
  name: "rate limiter that has tokens",
  operation: "a token taken",
  operations: 500_000,
  quickOperations: 100_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "a hand-rolled token bucket (promise-token-bucket.ts)",
      async run(operations) {
        const bucket = new PromiseTokenBucket(RATE, 1000);
        let sum = 0;
        for (let i = 0; i < operations; i++) {
          await bucket.take();
          sum = add(sum, i);
        }
        return sum;
      },
    },
    {
      column: "peer",
      name: "limiter",
      how: "RateLimiter.removeTokens",
      async run(operations) {
        const bucket = new Limiter({ tokensPerInterval: RATE, interval: 1000 });
        let sum = 0;
        for (let i = 0; i < operations; i++) {
          await bucket.removeTokens(1);
          sum = add(sum, i);
        }
        return sum;
      },
    },
    {
      column: "await",
      name: "await",
      how: "await limiter.acquire() in an async task",
      run: (operations) => Runtime.current().run(() => awaitTokens(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* limiter.acquire() in a generator task",
      run: (operations) => Runtime.current().run(() => yieldTokens(operations)),
    },
  ],
};

async function awaitTokens(operations: number): Promise<number> {
  const limiter = new RateLimiter({ rate: RATE, per: 1000 });
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    await limiter.acquire();
    sum = add(sum, i);
  }
  return sum;
}
function* yieldTokens(operations: number): Routine<number> {
  const limiter = new RateLimiter({ rate: RATE, per: 1000 });
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    yield* limiter.acquire();
    sum = add(sum, i);
  }
  return sum;
}
