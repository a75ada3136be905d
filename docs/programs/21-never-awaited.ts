import { main, mpsc, spawn } from "millrace";
import { enable, subscribe } from "millrace/diagnostics";

await main(async () => {
  using warnings = subscribe((event) => {
    if (event.type !== "warning") return;
    const { lint, message } = event.warning;
    if (lint === "never-awaited") console.log(`${lint}: ${message}`);
  });
  using recording = enable();
  const [tx, rx] = mpsc.channel<string>(4);

  await spawn(
    async () => {
      tx.send("a letter"); // no await: a future that nobody polls sends nothing
    },
    { name: "writer" },
  );
  console.log(`the channel holds ${rx.size} messages`);
});
