/** `main` may be awaited at the top level, and called more than once. */
import { main, now, sleep } from "millrace";

const [, , how] = process.argv;
await main(async () => {
  await sleep(1);
  if (how === "deadlock") await new Promise(() => {});
  if (how === "throws") throw new Error("boom");
});
console.log("between");
await main(
  function* () {
    yield* sleep({ days: 365 });
    console.log("virtual", now());
  },
  { clock: "paused", seed: 1 },
);
console.log("after");
