/**
 * Waits until SIGUSR2 was heard: `recorded` prints the dump; `leaks` does not wait, and leaves its task; `many` has
 * ten thousand more; `busy` never leaves the loop alone for long; `generator` has bodies of the other style.
 */
import { main, mpsc, sleep, spawn, type Routine } from "millrace";
import { enable } from "millrace/diagnostics";

const how = process.argv.slice(2);
if (how.includes("recorded")) enable();
let isHeard = false;
// Without a recording nobody listens, and the signal ends the program.
function listen(): void {
  if (how.includes("recorded")) process.prependListener("SIGUSR2", () => (isHeard = true));
}
function work(): void {
  const until = performance.now() + (how.includes("busy") ? 100 : 0);
  while (performance.now() < until);
}
const many = how.includes("many") ? 10_000 : 0;

async function inAwaits(): Promise<void> {
  const [tx, rx] = mpsc.channel<number>(4, { name: "jobs" });
  const worker = spawn(async () => void (await rx.recv()), { name: "worker" });
  const others = Array.from({ length: many }, () => spawn(async () => await sleep(1e6)));
  await sleep(1);
  if (how.includes("leaks")) return;
  listen();
  console.log("ready");
  for (let i = 0; i < 20_000 && !isHeard; i++) {
    work();
    await sleep(1);
  }
  tx.close();
  await worker;
  for (const other of others) other.abort();
}

function* inYields(): Routine<void> {
  const [tx, rx] = mpsc.channel<number>(4, { name: "jobs" });
  const worker = spawn(
    function* () {
      yield* rx.recv();
    },
    { name: "worker" },
  );
  const others = Array.from({ length: many }, () => spawn(sleep(1e6)));
  yield* sleep(1);
  if (how.includes("leaks")) return;
  listen();
  console.log("ready");
  for (let i = 0; i < 20_000 && !isHeard; i++) {
    work();
    yield* sleep(1);
  }
  tx.close();
  yield* worker;
  for (const other of others) other.abort();
}

if (how.includes("generator")) await main(inYields);
else await main(inAwaits);
