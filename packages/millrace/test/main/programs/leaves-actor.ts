/** Leaves an actor running, another with something to do, and none that only had to be told. */
import { main, sleep } from "millrace";
import { startActor } from "millrace/actor";

const create = () => ({
  ask: () => 1,
  work: async () => await sleep(1e6),
  [Symbol.dispose]: () => console.log("disposed"),
});

await main(async () => {
  const ref = startActor(create, { name: "forgotten" });
  const busy = startActor(create, { name: "busy" });
  const disposed = startActor(create, { name: "disposed" });
  console.log(`asked: ${await ref.ask.ask()} ${await disposed.ask.ask()}`);
  await busy.tell.work();
  busy[Symbol.dispose]();
  // The turn is over before the actor has heard of it.
  const end = performance.now() + 5;
  while (performance.now() < end);
  disposed[Symbol.dispose]();
});
