import { main, mpsc, now, scope, sleep } from "millrace";
import { enable, snapshot } from "millrace/diagnostics";

await main(function* () {
  using recording = enable({ stacks: false });

  // Wrong: the producer is faster than the consumer, and memory pays for it.
  const [fast] = mpsc.unbounded<number>({ name: "events" });
  for (let n = 0; n < 1500; n++) fast.send(n);
  for (const { lint, message } of snapshot().warnings) console.log(`${lint}: ${message}`);

  // Right: a bound, and the producer waits (back-pressure)…
  const start = now();
  const [tx, rx] = mpsc.channel<number>(8);
  yield* scope(function* (tasks) {
    tasks.spawn(function* () {
      for (let n = 0; n < 20; n++) yield* tx.send(n);
      tx.close();
    });
    while ((yield* rx.recv()) !== undefined) yield* sleep(10);
  });
  console.log(`20 handled after ${Math.round(now() - start)} ms, never more than 8 queued`);

  // …or says no, where waiting makes no sense.
  const [bell] = mpsc.channel<string>(1);
  console.log(bell.trySend("ring").ok, bell.trySend("ring").ok);
});
