/** Bodies under a guard that have ended by themselves, and are dropped before anybody has looked. */
import { Mutex, OnceCell, Semaphore, sleep, type Future } from "millrace";
import { step } from "millrace/testing";
import { expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

inBothStyles("what they held is given back", function* () {
  const [mutex, semaphore, cell] = [new Mutex(1), new Semaphore(1), new OnceCell<number>()];
  const body = async (): Promise<number> => {
    await sleep(1);
    return 1;
  };
  const calls: Future<unknown>[] = [mutex.with(body), semaphore.with(body), cell.getOrInit(body)];
  for (const call of calls) {
    const stepper = step(call);
    stepper.poll();
    yield* get(sleep(5));
    stepper.drop();
  }
  expect(mutex.tryLock()).toBeDefined();
  expect(semaphore.availablePermits).toBe(1);
  expect(yield* get(cell.getOrInit(body).timeout(10))).toBe(1);
});
