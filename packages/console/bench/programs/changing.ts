/**
 * Ten thousand tasks, each of which changes about once a second, and hands what it did to a few others through a
 * channel. It says every second what it got done and what memory it has.
 */
import { main, mpsc, sleep, spawn, type Routine } from "millrace";

const count = Number(process.argv[2] ?? 10_000);

await main(function* () {
  const [tx, rx] = mpsc.channel<number>(256, { name: "done" });
  function* session(id: number): Routine<never> {
    for (;;) {
      yield* sleep(500 + Math.random() * 1000);
      yield* tx.send(id);
    }
  }
  for (let i = 0; i < count; i++) spawn(() => session(i), { name: `session ${i}` }).detach();
  let done = 0;
  spawn(
    function* () {
      while ((yield* rx.recv()) !== undefined) done++;
    },
    { name: "collector" },
  ).detach();
  for (;;) {
    const [before, began] = [done, performance.now()];
    yield* sleep(1000);
    const { user, system } = process.cpuUsage();
    console.error(
      JSON.stringify({
        perSecond: Math.round(((done - before) / (performance.now() - began)) * 1000),
        cpuMs: (user + system) / 1000,
        rss: process.memoryUsage.rss(),
      }),
    );
  }
});
