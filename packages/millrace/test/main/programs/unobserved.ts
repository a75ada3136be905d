/** A task fails and nobody looks; the program ends well. */
import { main, sleep, spawn } from "millrace";

main(async () => {
  const handle = spawn(
    async () => {
      throw new Error("nobody saw this");
    },
    { name: "unlucky" },
  );
  await sleep(1);
  console.log(handle.isFinished);
});
