/** Leaves a pool idle for a second, and says what processor time (ms) that took. */
import { main, sleep } from "millrace";
import { threaded, ThreadPool } from "millrace/threads";

export const square = threaded(import.meta, (n: number) => n * n);

await main(async () => {
  const pool = new ThreadPool({ threads: 2 });
  for (let i = 0; i < 1000; i++) await square.with({ pool })(i);
  await sleep(300);
  const before = process.cpuUsage();
  await sleep(1000);
  const { user, system } = process.cpuUsage(before);
  console.log(Math.round((user + system) / 1000));
});
