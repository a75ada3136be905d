import { joinAll, main, Mutex, now, RwLock, Semaphore, sleep } from "millrace";

await main(function* () {
  // What must stay whole across a wait needs a lock; the event loop is free meanwhile.
  const balance = new Mutex(100);
  yield* joinAll(
    [30, 50].map((amount) =>
      balance.with(function* (guard) {
        const before = guard.value;
        yield* sleep(10); // asks the bank
        guard.value = before - amount;
      }),
    ),
  );
  {
    using guard = yield* balance.lock(); // released at the end of the block
    console.log(`balance ${guard.value}`);
  }

  // At most two at once.
  const start = now();
  const connections = new Semaphore(2);
  yield* joinAll([1, 2, 3, 4, 5].map(() => connections.with(() => sleep(100))));
  console.log(`five queries over two connections: ${Math.round(now() - start)} ms`);

  // Many readers or one writer.
  const config = new RwLock({ level: "info" });
  using one = yield* config.read();
  using two = yield* config.read();
  console.log(one.value === two.value, config.tryWrite() === undefined);
});
