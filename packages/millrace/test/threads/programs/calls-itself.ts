/** Calls its own function at its top level, which runs on the thread as well. */
import { threaded } from "millrace/threads";

export const next = threaded(import.meta, (n: number) => n + 1);

try {
  console.log(await next(1));
} catch (error) {
  console.log((error as Error).message);
  throw error;
}
