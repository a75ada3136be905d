/** A task fails and nobody looks; the program ends well, or is shut down for it. */
import { main, sleep, spawn } from "millrace";

const [, , onTaskFailure] = process.argv;

async function body(): Promise<void> {
  const handle = spawn(
    async () => {
      throw new Error("nobody saw this");
    },
    { name: "unlucky" },
  );
  if (onTaskFailure === "shutdown") {
    try {
      await sleep(1e9);
    } finally {
      console.log("unwound");
    }
  }
  await sleep(1);
  console.log(handle.isFinished);
}

main(body, onTaskFailure === "shutdown" ? { onTaskFailure } : {});
