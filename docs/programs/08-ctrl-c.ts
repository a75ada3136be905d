import { ctrlC, main, select, sleep, spawn } from "millrace";

await main(async () => {
  const backup = spawn(
    async () => {
      try {
        await sleep(60_000);
        return "the backup is complete";
      } finally {
        await sleep(10); // cleanup may wait
        console.log("removed the half-written file");
      }
    },
    { name: "backup" },
  );

  // Stands for the user's Ctrl-C.
  setTimeout(() => process.kill(process.pid, "SIGINT"), 50);

  const first = await select({ done: backup, stop: ctrlC() });
  if (first.key === "stop") {
    backup.abort("interrupted");
    const outcome = await backup.settled();
    console.log(outcome.status);
  }
});
