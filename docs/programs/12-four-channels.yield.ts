import { broadcast, main, mpsc, oneshot, scope, watch } from "millrace";

/** A request carries the sender of its reply. */
interface Request {
  readonly key: string;
  readonly reply: oneshot.Sender<number>;
}

await main(function* () {
  yield* scope(function* (tasks) {
    // mpsc and oneshot: many ask one, each gets its own answer.
    const [requests, inbox] = mpsc.channel<Request>(8);
    tasks.spawn(function* () {
      const stock = new Map([["apples", 3]]);
      for (let request; (request = yield* inbox.recv()) !== undefined;) {
        request.reply.send(stock.get(request.key) ?? 0);
      }
    });
    for (const key of ["apples", "pears"]) {
      const [reply, answer] = oneshot.channel<number>();
      yield* requests.send({ key, reply });
      console.log(`${key}: ${yield* answer}`);
    }
    requests.close();

    // broadcast: everyone who listens gets every event.
    const [events, first] = broadcast.channel<string>(16);
    const second = events.subscribe();
    console.log(`"opened" reaches ${events.send("opened")} receivers`);
    console.log(`${yield* first.recv()}, ${yield* second.recv()}`);

    // watch: only the latest value counts.
    const [config, latest] = watch.channel({ level: "info" });
    config.send({ level: "warn" });
    config.send({ level: "debug" });
    yield* latest.changed();
    console.log(`level ${latest.borrow().level}, seen once`);
  });
});
