import { CancellationToken, pending, pollFn, ready, Runtime, type Future } from "millrace";
import { expect, test } from "vitest";
import type { DocumentStore } from "../src/document-store.ts";
import { HarvestError } from "../src/failure.ts";
import { parsersAtOnce, runPipeline, type Job } from "../src/pipeline.ts";
import { Progress } from "../src/progress.ts";
import { startOrigin, type Origin } from "./support/origin.ts";
import { patiently, slow } from "./support/patience.ts";

const concurrency = 2;
const batchSize = 3;

function job(origin: Origin, count: number, save: DocumentStore["save"]): Job {
  const stop = new CancellationToken();
  const never = { retries: 0, baseDelay: 1, maxDelay: 1, random: () => 0, stop };
  return {
    targets: Array.from({ length: count }, (_, i) => {
      return { url: origin.url(`/${i}`), location: origin.url(`/${i}`) };
    }),
    store: { stored: () => ready(new Set<string>()), save },
    concurrency,
    limits: { timeout: 20_000, maxBytes: 1000 },
    retryPolicy: never,
    storePolicy: never,
    batch: { size: batchSize, within: 10_000 },
    progress: new Progress(count, () => {}),
    stop,
  };
}

test("a database that does not answer holds the fetching back", slow, async () => {
  await using origin = await startOrigin((response) => response.end("x"));
  await using runtime = new Runtime();
  const running = runtime.spawn(() => runPipeline(job(origin, 100, () => pending())));

  // In the batch, in the channel to it, with the parsers, in the channel to them, and with the workers.
  const most = batchSize + batchSize + parsersAtOnce + concurrency + concurrency;
  // Nobody asks the parsers for more while the channel behind them is full: one of them may have nothing.
  const least = most - (parsersAtOnce - 1);
  await expect.poll(() => origin.totalHits, patiently).toBeGreaterThanOrEqual(least);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(origin.totalHits).toBeLessThanOrEqual(most);
  running.abort();
});

test(
  "a database that fails ends the harvest with its error, and aborts what is on the wire",
  slow,
  async () => {
    await using origin = await startOrigin((response, path) => {
      if (path !== "/1") response.end("x");
    });
    const fail = (): Future<never> =>
      pollFn(() => {
        throw new HarvestError("disk full");
      });
    await using runtime = new Runtime();

    await expect(runtime.run(() => runPipeline(job(origin, 100, fail)))).rejects.toThrow(
      new HarvestError("disk full"),
    );
    await expect.poll(() => origin.open, patiently).toBe(0);
  },
);

test("a stop request that came before the beginning: nothing is asked for", slow, async () => {
  await using origin = await startOrigin((response) => response.end("x"));
  const stopped = job(origin, 100, () => pending());
  stopped.stop.cancel();
  await using runtime = new Runtime();
  await runtime.run(() => runPipeline(stopped));
  expect(origin.totalHits).toBe(0);
});
