/** Time that passes from one runtime to another, each with a clock of its own. */
import { DelayQueue, interval, now, RateLimiter, Runtime, sleep, sleepUntil } from "millrace";
import { expect, test } from "vitest";
import { get, type Steps, styles } from "../both-styles.ts";

for (const style of styles) {
  const inTurn = async (steps: () => Steps<unknown>): Promise<void> => {
    await using runtime = new Runtime({ clock: "paused" });
    // So that it is later there than any time of the host.
    await runtime.run(style.body(() => waitFor(1e9)));
    await runtime.run(style.body(steps));
  };
  function* waitFor(ms: number): Steps<void> {
    yield* get(sleep(ms));
  }

  test(`a sleep made outside takes as long in the runtime that polls it [${style.name}]`, async () => {
    await using runtime = new Runtime({ clock: "paused" });
    await runtime.run(sleep(1e9));
    const began = await runtime.run(() => now());
    await runtime.run(sleep(1e6));
    const took = (await runtime.run(() => now())) - began;
    // What has passed here since it was made counts.
    expect(took).toBeGreaterThan(1e6 - 1000);
    expect(took).toBeLessThanOrEqual(1e6);
  });

  test(`a deadline is one of the runtime that polls it first [${style.name}]`, async () => {
    const until = sleepUntil(1e9 + 5);
    const reset = sleep(1000);
    const made = sleep(10);
    await inTurn(function* () {
      yield* get(until);
      expect(now()).toBe(1e9 + 5);
      reset.reset(now() + 3);
      yield* get(reset);
      expect(now()).toBe(1e9 + 8);
      made.reset(now() + 2);
      yield* get(made);
      made.reset(now() + 2);
      yield* get(made);
      expect(now()).toBe(1e9 + 12);
    });
  });

  test(`an interval made outside ticks in the runtime that waits for it first [${style.name}]`, async () => {
    const ticks = interval(1000, { start: now() + 1000 });
    await inTurn(function* () {
      const first = yield* get(ticks.tick());
      expect(now() - 1e9).toBeLessThanOrEqual(1000);
      expect(yield* get(ticks.tick())).toBe(first + 1000);
      expect(now()).toBe(Math.ceil(first + 1000));
    });
  });

  test(`to wait for another runtime's time is no deadlock [${style.name}]`, async () => {
    const queue = new DelayQueue<string>();
    queue.insert("due", 5);
    const limiter = new RateLimiter({ rate: 1, per: 5 });
    limiter.tryAcquire();
    const taken = limiter.acquire().then(() => "taken");
    const lent = sleep(5).shared();
    void lent.then(() => {});
    await inTurn(function* () {
      yield* get(limiter.acquire());
    });
    await inTurn(function* () {
      yield* get(lent);
      expect(yield* get(queue.next())).toBe("due");
      expect(now()).toBe(1e9);
    });
    expect(await taken).toBe("taken");
  });
}
