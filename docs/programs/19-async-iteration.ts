import { interval, JoinSet, main, mpsc, now, sleep, spawn } from "millrace";
import { Stream } from "millrace/stream";

await main(async () => {
  const [tx, rx] = mpsc.channel<string>(4);
  const writer = spawn(async () => {
    for (const word of ["one", "two", "three"]) await tx.send(word);
    tx.close();
  });
  for await (const word of rx) {
    if (word === "two") break; // leaves the rest in the channel
  }
  for await (const word of rx) console.log(`receiver: ${word}`);
  await writer;

  const start = now();
  for await (const tick of interval(100)) {
    console.log(`interval: ${Math.round(tick - start)} ms`);
    if (tick >= start + 200) break; // its timer is gone
  }

  const set = new JoinSet<number>();
  for (const ms of [20, 10]) set.spawn(sleep(ms).map(() => ms));
  for await (const outcome of set) if (outcome.status === "fulfilled") console.log(`set: ${outcome.value}`);

  const lines = Stream.produce<string>(1, async (send) => {
    try {
      for (let n = 1; ; n++) await send(`line ${n}`);
    } finally {
      console.log("stream: the producer was cancelled, its file is closed");
    }
  });
  for await (const line of lines) {
    console.log(`stream: ${line}`);
    if (line === "line 2") break; // releases the source
  }
});
