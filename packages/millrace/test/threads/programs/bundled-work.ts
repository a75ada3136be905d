import { sleep } from "millrace";
import { threaded, type SharedSender } from "millrace/threads";

export const cube = threaded(import.meta, (n: number) => n ** 3);
export const rootOf = threaded(import.meta, (n: number) => {
  if (n < 0) throw new RangeError("no root");
  return Math.sqrt(n);
});
export const countTo = threaded(import.meta, async (tx: SharedSender<number>, limit: number) => {
  for (let i = 0; i < limit; i++) {
    await sleep(1);
    await tx.send(i);
  }
  tx.close();
});
