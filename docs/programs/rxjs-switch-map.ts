import { asyncFn, main, mpsc, select, sleep, spawn } from "millrace";

const search = asyncFn(async (query: string) => {
  await sleep(100);
  return `results for ${query}`;
});

await main(async () => {
  const [tx, queries] = mpsc.channel<string>(8);
  spawn(async () => {
    for (const query of ["m", "mi", "mill"]) {
      await tx.send(query);
      await sleep(30); // the user types
    }
    await sleep(200);
    tx.close();
  }).detach();

  let searching: ReturnType<typeof search> | undefined;
  for (;;) {
    const first = await select({ query: queries.recv(), found: searching?.ref() });
    if (first.key === "found") {
      console.log(first.value);
      searching = undefined;
    } else {
      searching?.[Symbol.dispose](); // the search before it is stopped
      if (first.value === undefined) break;
      searching = search(first.value);
    }
  }
});
