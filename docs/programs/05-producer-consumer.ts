import { main, mpsc, now, scope, sleep } from "millrace";

await main(async () => {
  const start = now();
  const time = () => `${Math.round(now() - start)} ms`;
  const [tx, rx] = mpsc.channel<number>(2); // room for two; 32 is a usual choice

  await scope(async (tasks) => {
    tasks.spawn(
      async () => {
        for (let page = 1; page <= 5; page++) {
          await tx.send(page); // waits while the channel is full
          console.log(`${time()}: sent ${page}`);
        }
        tx.close(); // the last sender: the loop below ends
      },
      { name: "producer" },
    );

    for await (const page of rx) {
      await sleep(100); // a slow consumer
      console.log(`${time()}: handled ${page}`);
    }
  });
});
