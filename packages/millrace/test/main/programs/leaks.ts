/** Leaves tasks running. */
import { main, pending, sleep, spawn } from "millrace";

const [, , exitCode] = process.argv;

main(async () => {
  spawn(pending(), { name: "forgotten" });
  spawn(async () => {
    try {
      await sleep(1e9);
    } finally {
      await sleep(1);
      console.log("leaked task cleaned up");
    }
  });
  await sleep(1);
  if (exitCode !== undefined) process.exitCode = Number(exitCode);
});
