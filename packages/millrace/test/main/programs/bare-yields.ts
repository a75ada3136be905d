/** Yields without a star, as a program without types would: the error has the line of the `yield`. */
import { main, sleep, spawn, type Routine } from "millrace";
import { enable } from "millrace/diagnostics";

enable();

function* nap(value: unknown): Routine<void> {
  yield* sleep(1);
  try {
    yield value as never; // line 10
  } finally {
    yield* sleep(1);
  }
}

await main(function* () {
  const made = sleep(2);
  for (const value of [made, Promise.resolve(1), undefined]) {
    try {
      yield* spawn(() => nap(value), { name: "worker" });
    } catch (error) {
      console.log(String(error));
    }
  }
});
