import { any, asyncFn, join, joinAll, joinSettled, main, now, race, select, sleep, tryJoin } from "millrace";

const after = asyncFn(async (ms: number, answer: string) => {
  await sleep(ms);
  if (answer === "fail") throw new Error(`failed after ${ms} ms`);
  return answer;
});

await main(async () => {
  // All of them, and all of them again from a list.
  console.log(await join(after(20, "a"), after(10, "b")));
  console.log(await joinAll([30, 10, 20].map((ms) => after(ms, `${ms}`))));

  // All of them, but stop at the first failure: the sleep of an hour is abandoned.
  const start = now();
  const failed = await tryJoin(after(10, "fail"), after(3_600_000, "late")).settled();
  console.log(failed.status, `after ${Math.round(now() - start)} ms`);

  // Every outcome, whatever it is.
  const outcomes = await joinSettled(after(10, "a"), after(10, "fail"));
  console.log(outcomes.map(({ status }) => status));

  // The first to settle, the first to succeed, and the first with its name.
  console.log(await race(after(20, "slow"), after(10, "fast")));
  console.log(await any(after(10, "fail"), after(20, "good")));
  console.log(await select({ near: after(10, "n"), far: after(20, "f"), off: undefined }));
});
