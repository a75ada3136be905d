/** Waits until SIGUSR2 was heard: `recorded` prints the dump, `leaks` does not wait and leaves its task. */
import { main, mpsc, sleep, spawn } from "millrace";
import { enable } from "millrace/diagnostics";

const [, , ...how] = process.argv;
if (how.includes("recorded")) enable();

await main(async () => {
  const [tx, rx] = mpsc.channel<number>(4, { name: "jobs" });
  const worker = spawn(
    function* () {
      yield* rx.recv();
    },
    { name: "worker" },
  );
  await sleep(1);
  if (how.includes("leaks")) return;
  let isHeard = false;
  // Without a recording nobody listens, and the signal ends the program.
  if (how.includes("recorded")) process.prependListener("SIGUSR2", () => (isHeard = true));
  console.log("ready");
  for (let i = 0; i < 20_000 && !isHeard; i++) await sleep(1);
  tx.close();
  await worker;
});
