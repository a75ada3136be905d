/** Sleeps for an hour, on the default runtime and in `main`, and says how long that was. */
import { main, now, sleep } from "millrace";

const began = performance.now();
await sleep(3_600_000);
await main(
  function* () {
    const at = now();
    yield* sleep(3_600_000);
    console.log("by its clock:", now() - at);
  },
  { clock: "system" },
);
console.log("in truth:", performance.now() - began < 60_000 ? "no time" : "long");
