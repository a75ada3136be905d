/** Leaves an actor running, another with something to do, and many that only have to be told. */
import { main, sleep } from "millrace";
import { startActor } from "millrace/actor";

const create = () => ({
  ask: () => 1,
  work: async () => await sleep(1e6),
  [Symbol.dispose]: () => console.log("disposed"),
});

await main(function* () {
  const ref = startActor(create, { name: "forgotten" });
  const busy = startActor(create, { name: "busy" });
  const idle = Array.from({ length: 300 }, () => startActor(() => ({ ask: () => 1 })));
  let sum = yield* ref.ask.ask();
  for (const each of idle) sum += yield* each.ask.ask();
  console.log(`asked: ${sum}`);
  yield* busy.tell.work();
  busy[Symbol.dispose]();
  // The turn is over before all of them have heard of it.
  const end = performance.now() + 5;
  while (performance.now() < end);
  for (const each of idle) each[Symbol.dispose]();
});
