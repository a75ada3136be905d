/** Ten thousand tasks that sleep, some that work through channels and locks, and two that wait for each other. */
import { main, mpsc, Mutex, Semaphore, sleep, spawn, type Routine } from "millrace";

const count = Number(process.argv[2] ?? 10_000);

await main(function* () {
  const [jobsTx, jobs] = mpsc.channel<number>(32, { name: "jobs" });
  const [resultsTx, results] = mpsc.channel<number>(256, { name: "results" });
  const accounts = new Mutex(0, { name: "accounts" });
  const connections = new Semaphore(8, { name: "connections" });

  function* session(): Routine<never> {
    for (;;) yield* sleep(2000 + Math.random() * 20_000);
  }
  function* worker(): Routine<void> {
    for (;;) {
      using _connection = yield* connections.acquire();
      yield* sleep(15 + Math.random() * 30);
      const job = yield* jobs.recv();
      if (job === undefined) return;
      (yield* accounts.lock()).release();
      yield* resultsTx.send(job);
    }
  }
  function* producer(): Routine<never> {
    for (let job = 0; ; job++) yield* jobsTx.send(job);
  }
  function* collector(): Routine<never> {
    for (;;) {
      yield* results.recv();
      yield* sleep(Math.random() * 4);
    }
  }
  function* locker(first: Mutex<string>, second: Mutex<string>): Routine<void> {
    using _first = yield* first.lock();
    yield* sleep(50);
    using _second = yield* second.lock();
  }

  const [left, right] = [new Mutex("", { name: "left" }), new Mutex("", { name: "right" })];
  spawn(() => locker(left, right), { name: "transfer there" }).detach();
  spawn(() => locker(right, left), { name: "transfer back" }).detach();
  spawn(producer, { name: "producer" }).detach();
  spawn(collector, { name: "collector" }).detach();
  for (let i = 0; i < 20; i++) spawn(worker, { name: `worker ${i}` }).detach();
  for (let i = 0; i < count; i++) spawn(session, { name: `session ${i}` }).detach();
  spawn(function* () {}, { name: `<img src=x onerror="document.title='owned'">` }).detach();
  spawn(session, { name: `<script>document.title="owned"</script>` }).detach();
  yield* sleep(600_000);
});
