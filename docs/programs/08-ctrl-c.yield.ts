import { ctrlC, main, select, sleep, spawn } from "millrace";

await main(function* () {
  const backup = spawn(
    function* () {
      try {
        yield* sleep(60_000);
        return "the backup is complete";
      } finally {
        yield* sleep(10); // cleanup may wait
        console.log("removed the half-written file");
      }
    },
    { name: "backup" },
  );

  // Stands for the user's Ctrl-C.
  setTimeout(() => process.kill(process.pid, "SIGINT"), 50);

  const first = yield* select({ done: backup, stop: ctrlC() });
  if (first.key === "stop") {
    backup.abort("interrupted");
    const outcome = yield* backup.settled();
    console.log(outcome.status);
  }
});
