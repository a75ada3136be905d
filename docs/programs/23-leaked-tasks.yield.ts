import { main, mpsc, scope, sleep, spawn } from "millrace";

await main(function* () {
  // Wrong: nobody owns it, and main ends before it does.
  const [, requests] = mpsc.channel<string>(8, { name: "refresh requests" });
  spawn(
    function* () {
      for (let key; (key = yield* requests.recv()) !== undefined;) console.log(`refreshing ${key}`);
    },
    { name: "cache" },
  );

  // Right: the scope owns its tasks, and returns when they have ended.
  yield* scope(function* (tasks) {
    tasks.spawn(
      function* () {
        yield* sleep(10);
        console.log("the report is written");
      },
      { name: "report" },
    );
  });
  console.log("main ends");
});
