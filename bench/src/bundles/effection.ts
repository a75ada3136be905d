import { run, sleep, spawn } from "effection";

await run(function* () {
  const task = yield* spawn(function* () {
    yield* sleep(1);
  });
  yield* task;
});
