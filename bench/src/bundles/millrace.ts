import { sleep, spawn } from "millrace";

await spawn(function* () {
  yield* sleep(1);
});
