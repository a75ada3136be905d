import { interval, JoinSet, main, mpsc, now, sleep, spawn } from "millrace";
import { Stream } from "millrace/stream";

// A generator cannot use `for await`: it asks for the next item, or passes a body to `forEach`.
await main(function* () {
  const [tx, rx] = mpsc.channel<string>(4);
  const writer = spawn(function* () {
    for (const word of ["one", "two", "three"]) yield* tx.send(word);
    tx.close();
  });
  while ((yield* rx.recv()) !== "two"); // leaves the rest in the channel
  for (let word; (word = yield* rx.recv()) !== undefined;) console.log(`receiver: ${word}`);
  yield* writer;

  const start = now();
  const ticks = interval(100);
  for (let tick = start; tick < start + 200;) {
    tick = yield* ticks.tick();
    console.log(`interval: ${Math.round(tick - start)} ms`);
  }

  const set = new JoinSet<number>();
  for (const ms of [20, 10]) set.spawn(sleep(ms).map(() => ms));
  for (let outcome; (outcome = yield* set.joinNext()) !== undefined;) {
    if (outcome.status === "fulfilled") console.log(`set: ${outcome.value}`);
  }

  const lines = Stream.produce<string>(1, function* (send) {
    try {
      for (let n = 1; ; n++) yield* send(`line ${n}`);
    } finally {
      console.log("stream: the producer was cancelled, its file is closed");
    }
  });
  yield* lines.take(2).forEach((line) => console.log(`stream: ${line}`)); // releases the source
});
