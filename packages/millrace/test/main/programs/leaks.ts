/** Leaves tasks running; their cleanup takes as many ms as it is told. */
import { main, pending, sleep, spawn } from "millrace";

const [, , exitCode, cleanup = "1"] = process.argv;

async function body(): Promise<void> {
  spawn(pending(), { name: "forgotten" });
  spawn(async () => {
    try {
      await sleep(1e9);
    } finally {
      console.log("cleaning");
      await sleep(Number(cleanup));
      console.log("leaked task cleaned up");
    }
  });
  await sleep(1);
  if (exitCode !== undefined) process.exitCode = Number(exitCode);
}

main(body, { cleanupWindow: 1e9 });
