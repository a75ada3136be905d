/**
 * What an operation costs does not depend on how many others wait. Work is counted, not timed: how often
 * each block of the sources was executed, as the engine's own coverage counts it.
 */
import { Session, type Profiler } from "node:inspector";
import { Barrier, CancellationToken, type Future, mpsc, RateLimiter } from "millrace";
import { paused, step, type Stepper } from "millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WaitQueue } from "../../src/runtime/wait-queue.ts";
import { scenes } from "./scenes.ts";

const session = new Session();
beforeAll(() => {
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
});
afterAll(() => session.disconnect());

/** Blocks of the library's sources executed by `work`. */
function blocksExecuted(work: () => void): number {
  const take = (): Profiler.ScriptCoverage[] => {
    let taken: Profiler.ScriptCoverage[] = [];
    session.post("Profiler.takePreciseCoverage", (error, coverage) => {
      if (error !== null) throw error;
      taken = coverage.result;
    });
    return taken;
  };
  take();
  work();
  return take()
    .filter(({ url }) => url.includes("/millrace/src/"))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0);
}

/** Deterministic, and far from the order of arrival. */
function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  let state = 1;
  for (let i = result.length - 1; i > 0; i--) {
    state = (state * 48271) % 0x7fff_ffff;
    const j = state % (i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

function waiting(start: () => Future<unknown>, count: number): Stepper<unknown>[] {
  const steppers = Array.from({ length: count }, () => step(start()));
  for (const stepper of steppers) stepper.poll();
  return steppers;
}

const operations: Record<string, () => () => Future<unknown>> = {
  ...Object.fromEntries(
    Object.entries(scenes)
      .filter(([, make]) => make().isUnique !== true)
      .map(([name, make]) => [name, () => make().start]),
  ),
  "unbounded closed": () => {
    const [tx] = mpsc.unbounded<number>();
    return () => tx.closed();
  },
  "Barrier wait": () => {
    const barrier = new Barrier(1e6);
    return () => barrier.wait();
  },
  "RateLimiter acquire": () => {
    const limiter = new RateLimiter({ rate: 1, per: 1000 });
    limiter.tryAcquire();
    return () => limiter.acquire();
  },
  "CancellationToken cancelled": () => {
    const token = new CancellationToken();
    return () => token.cancelled();
  },
};

describe.each(Object.entries(operations))("%s", (_, make) => {
  const cost = (count: number) =>
    paused(() => {
      const all = waiting(make(), count);
      const blocks = blocksExecuted(() => {
        for (const stepper of shuffled(all)) stepper.drop();
      });
      expect(all.filter(({ wakeCount }) => wakeCount > 0)).toEqual([]);
      return blocks / count;
    });

  test("abandoning one of 10 000 that wait, in random order, costs what it costs among 100", async () => {
    const [among100, among10000] = [await cost(100), await cost(10_000)];
    expect(among100).toBeGreaterThan(1);
    expect(among10000).toBeLessThan(among100 * 2);
  });
});

/** Those who wait at a barrier serve one another: it has no 10 000. */
const servingAll = Object.entries(scenes).filter(
  ([name, make]) => make().servesAll !== undefined && name !== "Barrier wait",
);
describe.each(servingAll)("%s", (_, make) => {
  const cost = (count: number): number => {
    const { start, serve } = make();
    const all = waiting(start, count);
    const blocks = blocksExecuted(serve);
    expect(all.filter(({ isWoken }) => !isWoken)).toEqual([]);
    return blocks / count;
  };
  test("waking 10 000 at once costs each what it costs to wake 100", () => {
    const [among100, among10000] = [cost(100), cost(10_000)];
    expect(among10000).toBeLessThan(among100 * 2);
  });
});

test("work that grows with those who wait would be noticed", () => {
  const cost = (count: number): number => {
    const queue = new WaitQueue(0);
    for (let i = 0; i < count; i++) queue.enter(1, { wake: () => {} });
    return blocksExecuted(() => expect(queue.waiting).toBe(count));
  };
  expect(cost(10_000)).toBeGreaterThan(cost(100) * 50);
});
