import { main, mpsc, sleep, spawn } from "millrace";
import { enable, snapshot } from "millrace/diagnostics";

await main(async () => {
  using recording = enable();
  const [tx, rx] = mpsc.channel<string>(4);

  await spawn(
    async () => {
      tx.send("a letter"); // no await: a future that nobody polls sends nothing
    },
    { name: "writer" },
  );
  console.log(`the channel holds ${rx.size} messages`);

  await sleep(1100);
  for (const { lint, message } of snapshot().warnings) console.log(`${lint}: ${message}`);
});
