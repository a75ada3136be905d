/** Millions of items leave the heap where it was. `MILLRACE_SOAK` is how many go through the chain of ten. */
import { asyncFn, yieldNow } from "millrace";
import { Stream } from "millrace/stream";
import { expect, test } from "vitest";
import { setting } from "../setting.ts";
import { turn } from "../turn.ts";

const soak = Number(setting("MILLRACE_SOAK") ?? 1_000_000);

async function heap(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await turn();
    gc!();
  }
  return process.memoryUsage().heapUsed;
}
/** The most that the heap has grown to, looked at ten times on the way. */
async function growth(
  run: (count: number, look: (n: number) => Promise<void>) => PromiseLike<unknown>,
  count: number,
): Promise<number> {
  await run(Math.min(count, 20_000), async () => {});
  const before = await heap();
  let most = 0;
  await run(count, async () => void (most = Math.max(most, (await heap()) - before)));
  return most;
}

const chains: Record<
  string,
  [count: number, (count: number, look: (n: number) => Promise<void>) => PromiseLike<unknown>]
> = {
  "a chain of ten operators": [
    soak,
    async (count, look) => {
      const tenth = Math.ceil(count / 10);
      const seen = await Stream.range(0, count)
        .map((n) => n + 1)
        .filter((n) => n > 0)
        .inspect(() => {})
        .enumerate()
        .filterMap(([, n]) => n)
        .scan(0, (_, n) => [n, n])
        .skip(0)
        .chunks(16)
        .flatMap((chunk) => chunk)
        .take(count)
        .fold(0, (sum, n) => (n % tenth === 0 ? look(n).then(() => sum + 1) : sum + 1));
      expect(seen).toBe(count);
    },
  ],
  "items in flight": [
    soak / 10,
    (count, look) => {
      const work = asyncFn(function* (n: number) {
        yield* yieldNow();
        return n;
      });
      return Stream.range(0, count)
        .map(work)
        .buffered(16)
        .map(work)
        .bufferUnordered(16)
        .forEach((n) => (n % Math.ceil(count / 5) === 1 ? look(n) : undefined));
    },
  ],
  "several streams as one, and one as several": [
    soak / 10,
    async (count, look) => {
      const half = Stream.range(0, count / 2);
      const join = half.merge(Stream.range(0, count / 2)).share(8);
      const [left, right] = [join(), join()];
      const pairs = left
        .zip(right)
        .readyChunks(8)
        .flatMapUnordered(4, (chunk) => chunk);
      expect(
        await pairs.enumerate().forEach(([n]) => (n % Math.ceil(count / 5) === 1 ? look(n) : undefined)),
      ).toBe(undefined);
    },
  ],
};
for (const [name, [count, run]] of Object.entries(chains)) {
  test(`${name} runs in a heap that does not grow`, { timeout: 20_000 + soak / 100 }, async () => {
    expect(await growth(run, count)).toBeLessThan(4_000_000);
  });
}
