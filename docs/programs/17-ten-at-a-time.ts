import { asyncFn, main, mpsc, now, scope, sleep } from "millrace";
import { Stream } from "millrace/stream";

const work = asyncFn(async (job: number) => {
  await sleep(job % 10 === 0 ? 500 : 100); // every tenth is slow
  return job;
});

await main(async () => {
  const start = now();
  const [tx, rx] = mpsc.channel<number>(32);

  await scope(async (tasks) => {
    tasks.spawn(async () => {
      for (let job = 0; job < 40; job++) await tx.send(job);
      tx.close();
    });

    const order: number[] = [];
    await Stream.from(rx)
      .map((job) => work(job))
      .bufferUnordered(10) // ten in flight, results as they come
      .forEach((job) => void order.push(job));
    console.log(`40 jobs in ${Math.round(now() - start)} ms`);
    console.log(`the last four: ${order.slice(-4).join(" ")}`);
  });
});
