import { JoinSet, main, now, sleep } from "millrace";

await main(function* () {
  using downloads = new JoinSet<string>({ limit: 2 }); // two run, the others wait their turn

  const start = now();
  for (const [file, ms] of [
    ["a", 300],
    ["b", 100],
    ["c", 100],
    ["d", 60_000],
  ] as const) {
    downloads.spawn(function* () {
      yield* sleep(ms);
      return file;
    });
  }

  for (let left = 3; left > 0; left--) {
    const outcome = yield* downloads.joinNext();
    if (outcome?.status === "fulfilled") console.log(`${Math.round(now() - start)} ms: ${outcome.value}`);
  } // three are enough
  console.log(`${downloads.size} still runs`);
  yield* downloads.shutdown(); // "d" is aborted, and its cleanup awaited
});
