/** Comes to its end in the way that its first argument names. */
import { main, mpsc, sleep } from "millrace";

const [how, signal] = process.argv.slice(2);

await main(async () => {
  if (how === "throws") throw new TypeError("boom");
  if (how === "exit-code") process.exitCode = 7;
  if (how === "deadlock") {
    using channel = mpsc.channel(1)[1];
    await channel.recv();
  }
  if (how === "signal") {
    process.kill(process.pid, signal);
    await sleep(60_000);
  }
  console.log("done", process.argv.slice(2).join(" "), import.meta.main);
});
