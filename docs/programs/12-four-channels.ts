import { broadcast, main, mpsc, oneshot, scope, watch } from "millrace";

/** A request carries the sender of its reply. */
interface Request {
  readonly key: string;
  readonly reply: oneshot.Sender<number>;
}

await main(async () => {
  await scope(async (tasks) => {
    // mpsc and oneshot: many ask one, each gets its own answer.
    const [requests, inbox] = mpsc.channel<Request>(8);
    tasks.spawn(async () => {
      const stock = new Map([["apples", 3]]);
      for await (const { key, reply } of inbox) reply.send(stock.get(key) ?? 0);
    });
    for (const key of ["apples", "pears"]) {
      const [reply, answer] = oneshot.channel<number>();
      await requests.send({ key, reply });
      console.log(`${key}: ${await answer}`);
    }
    requests.close();

    // broadcast: everyone who listens gets every event.
    const [events, first] = broadcast.channel<string>(16);
    const second = events.subscribe();
    console.log(`"opened" reaches ${events.send("opened")} receivers`);
    console.log(`${await first.recv()}, ${await second.recv()}`);

    // watch: only the latest value counts.
    const [config, latest] = watch.channel({ level: "info" });
    config.send({ level: "warn" });
    config.send({ level: "debug" });
    await latest.changed();
    console.log(`level ${latest.borrow().level}, seen once`);
  });
});
