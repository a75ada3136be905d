/** Leaves an actor running. */
import { main } from "millrace";
import { startActor } from "millrace/actor";

await main(async () => {
  const ref = startActor(
    () => ({
      ask: () => 1,
      [Symbol.dispose]: () => console.log("disposed"),
    }),
    { name: "forgotten" },
  );
  console.log(`asked: ${await ref.ask.ask()}`);
});
