import { joinAll, main, Mutex, now, RwLock, Semaphore, sleep } from "millrace";

await main(async () => {
  // What must stay whole across a wait needs a lock; the event loop is free meanwhile.
  const balance = new Mutex(100);
  await joinAll(
    [30, 50].map((amount) =>
      balance.with(async (guard) => {
        const before = guard.value;
        await sleep(10); // asks the bank
        guard.value = before - amount;
      }),
    ),
  );
  {
    using guard = await balance.lock(); // released at the end of the block
    console.log(`balance ${guard.value}`);
  }

  // At most two at once.
  const start = now();
  const connections = new Semaphore(2);
  await joinAll([1, 2, 3, 4, 5].map(() => connections.with(() => sleep(100))));
  console.log(`five queries over two connections: ${Math.round(now() - start)} ms`);

  // Many readers or one writer.
  const config = new RwLock({ level: "info" });
  using one = await config.read();
  using two = await config.read();
  console.log(one.value === two.value, config.tryWrite() === undefined);
});
