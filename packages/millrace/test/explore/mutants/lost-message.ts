/** A select over a call that has taken its message and still waits: if the other branch wins, it is gone. */
import { asyncFn, join, mpsc, select, sleep, spawn, type Body } from "millrace";
import { get } from "../../both-styles.ts";
import type { Mutant } from "./mutant.ts";

export const lostMessage: Mutant = {
  name: "a select loses a message",
  failure: /received 1 of 2/,
  options: {},
  program: ({ body }, isBroken) =>
    body(function* () {
      const [tx, rx] = mpsc.channel<number>(1);
      const slow = asyncFn(
        body(function* () {
          const message = yield* get(rx.recv());
          yield* get(sleep(1));
          return message;
        }) as () => Promise<number | undefined>,
      );
      let received = 0;
      const consume = body(function* () {
        for (;;) {
          const branches = { message: isBroken ? slow() : rx.recv(), beat: sleep(2) };
          const { key, value } = yield* get(select(branches));
          if (key === "beat") continue;
          if (value === undefined) return;
          received++;
          if (!isBroken) yield* get(sleep(1));
        }
      });
      const produce = body(function* () {
        for (let i = 0; i < 2; i++) {
          yield* get(sleep(1));
          yield* get(tx.send(i));
        }
        tx.close();
      });
      yield* get(join(spawn(consume, { name: "consumer" }), spawn(produce, { name: "producer" })));
      if (received !== 2) throw new Error(`received ${received} of 2`);
    }) as Body<void>,
};
