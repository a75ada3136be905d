import { main, Mutex, sleep, spawn } from "millrace";
import { enable, snapshot } from "millrace/diagnostics";

await main(async () => {
  using recording = enable({ stacks: false });
  const cache = new Mutex(new Map<string, string>(), { name: "cache" });

  // Wrong: everybody waits for one slow request.
  const slow = spawn(
    async () => {
      using guard = await cache.lock();
      await sleep(2000); // fetches the page
      guard.value.set("/", "<html>");
    },
    { name: "fetcher" },
  );
  await slow;
  for (const { lint, message } of snapshot().warnings)
    if (lint === "lock-across-slow-await") console.log(message);

  // Right: wait first, hold the lock for no more than the change.
  await sleep(2000);
  {
    using guard = await cache.lock();
    guard.value.set("/", "<html>");
  }
});
