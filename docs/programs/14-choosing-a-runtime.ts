import { joinAll, LocalExecutor, main, Runtime, sleep, spawn } from "millrace";
import { spawnBlocking, threaded } from "millrace/threads";

/** Counts primes below `end`: nothing but computing. */
export const primesBelow = threaded(import.meta, (end: number): number => {
  let count = 0;
  for (let n = 2; n < end; n++) {
    let isPrime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) isPrime = false;
    if (isPrime) count++;
  }
  return count;
});

/** The program knows nothing of the runtime that it runs on. */
async function program(): Promise<string> {
  const tasks = [1, 2, 3].map((n) =>
    spawn(async () => {
      await sleep(10);
      return n * n;
    }),
  );
  return (await joinAll(tasks)).join(" ");
}

// A pool thread loads this module for `primesBelow`; there `main` does nothing.
await main(async () => {
  const plain = new Runtime({ name: "one event loop" });
  console.log("one event loop:", await plain.run(program));
  await plain.shutdown();

  const pooled = new Runtime({ name: "with threads", threads: 2 });
  const count = await pooled.run(async () => {
    const counting = spawnBlocking(primesBelow, 20_000); // the loop stays free meanwhile
    console.log("with threads:  ", await program());
    return await counting;
  });
  console.log("primes:        ", count);
  await pooled.shutdown(); // its tasks and its threads

  const executor = new LocalExecutor(); // nothing runs unless the host says so
  const handle = executor.spawn(program);
  let isDone = false;
  executor.spawn(handle.settled().map(() => (isDone = true))).detach();
  while (!isDone) {
    while (executor.tick()); // a frame of a game, a test's step, another event loop
    await new Promise((frame) => setTimeout(frame, 5));
  }
  console.log("frame by frame:", await handle);
});
