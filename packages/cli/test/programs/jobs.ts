/** A channel that fills, and a lock that is waited for, until stdin is closed. */
import { fromEvent, main, Mutex, mpsc, scope } from "millrace";

await main(async () => {
  const [tx, rx] = mpsc.channel<number>(4, { name: "jobs" });
  const accounts = new Mutex(0, { name: "accounts" });
  using receiver = rx;
  await scope(async (tasks) => {
    tasks.spawn(
      function* () {
        for (let i = 0; ; i++) yield* tx.send(i);
      },
      { name: "producer" },
    );
    tasks.spawn(async () => accounts.with(async () => fromEvent(process.stdin, "end")), { name: "holder" });
    // What a program calls its tasks must not reach the terminal as a command.
    tasks.spawn(async () => accounts.with(async () => {}), { name: "waiter \u001b[31m日本" });
    process.stdin.resume();
    console.log("ready", receiver !== undefined);
    await fromEvent(process.stdin, "end");
    tasks.cancel("the end");
  }).settled();
});
