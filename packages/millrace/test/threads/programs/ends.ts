/** Uses the pool, and ends by itself. */
import { main } from "millrace";
import { threaded } from "millrace/threads";

export const square = threaded(import.meta, (n: number) => n * n);

await main(async () => {
  console.log(await square(7));
});
