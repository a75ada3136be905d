import { main, mpsc, now, scope, sleep } from "millrace";

await main(function* () {
  const start = now();
  const time = () => `${Math.round(now() - start)} ms`;
  const [tx, rx] = mpsc.channel<number>(2); // room for two; 32 is a usual choice

  yield* scope(function* (tasks) {
    tasks.spawn(
      function* () {
        for (let page = 1; page <= 5; page++) {
          yield* tx.send(page); // waits while the channel is full
          console.log(`${time()}: sent ${page}`);
        }
        tx.close(); // the last sender: the loop below ends
      },
      { name: "producer" },
    );

    for (let page; (page = yield* rx.recv()) !== undefined;) {
      yield* sleep(100); // a slow consumer
      console.log(`${time()}: handled ${page}`);
    }
  });
});
