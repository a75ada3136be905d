/** Calls at its top level what fails with an error of its own class, while the module is not evaluated to its end. */
import { isMainThread } from "node:worker_threads";
import { threaded } from "millrace/threads";

export class Odd extends Error {
  readonly code: string = "ERR_ODD";
}
export const fail = threaded(import.meta, (n: number): void => {
  throw new Odd(`${n} is odd`);
});

if (isMainThread) {
  for (const n of [1, 3]) {
    try {
      await fail(n);
    } catch (error) {
      console.log(String(error), (error as Odd).code);
    }
  }
  // As a program that goes on: the module can be imported now.
  setImmediate(async () => {
    await fail(5).then(undefined, (error: unknown) => console.log(error instanceof Odd));
  });
}
