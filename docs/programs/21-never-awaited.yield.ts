import { main, mpsc, sleep, spawn } from "millrace";
import { enable, snapshot } from "millrace/diagnostics";

await main(function* () {
  using recording = enable();
  const [tx, rx] = mpsc.channel<string>(4);

  yield* spawn(
    function* () {
      tx.send("a letter"); // no yield*: a future that nobody polls sends nothing
    },
    { name: "writer" },
  );
  console.log(`the channel holds ${rx.size} messages`);

  yield* sleep(1100);
  for (const { lint, message } of snapshot().warnings) console.log(`${lint}: ${message}`);
});
