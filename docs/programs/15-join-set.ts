import { JoinSet, main, now, sleep } from "millrace";

await main(async () => {
  await using downloads = new JoinSet<string>({ limit: 2 }); // two run, the others wait their turn

  const start = now();
  for (const [file, ms] of [
    ["a", 300],
    ["b", 100],
    ["c", 100],
    ["d", 60_000],
  ] as const) {
    downloads.spawn(async () => {
      await sleep(ms);
      return file;
    });
  }

  let left = 3;
  for await (const outcome of downloads) {
    if (outcome.status === "fulfilled") console.log(`${Math.round(now() - start)} ms: ${outcome.value}`);
    if (--left === 0) break; // three are enough
  }
  console.log(`${downloads.size} still runs`);
}); // the set is disposed: "d" is aborted, and its cleanup awaited
