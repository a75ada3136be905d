import { main, mpsc, scope, sleep, spawn } from "millrace";

await main(async () => {
  // Wrong: nobody owns it, and main ends before it does.
  const [, requests] = mpsc.channel<string>(8, { name: "refresh requests" });
  spawn(
    async () => {
      for await (const key of requests) console.log(`refreshing ${key}`);
    },
    { name: "cache" },
  );

  // Right: the scope owns its tasks, and returns when they have ended.
  await scope(async (tasks) => {
    tasks.spawn(
      async () => {
        await sleep(10);
        console.log("the report is written");
      },
      { name: "report" },
    );
  });
  console.log("main ends");
});
