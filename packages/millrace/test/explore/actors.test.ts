/** Actors under every order of those who ask, and with any task cancelled. */
import { spawn, yieldNow } from "millrace";
import { startActor } from "millrace/actor";
import { get, type Style } from "../both-styles.ts";
import { check, explored, finish } from "./explored.ts";

const counter = ({ body }: Style) => {
  class Counter {
    count: number = 0;
    readonly add: () => Promise<number> = body(
      function* (this: Counter) {
        const seen = this.count;
        yield* get(yieldNow());
        return (this.count = seen + 1);
      }.bind(this),
    ) as () => Promise<number>;
    read(): number {
      return this.count;
    }
  }
  return new Counter();
};

explored("one message at a time, whoever asks and whoever gives up", function* (style) {
  const actor = startActor(() => counter(style), { name: "counter", mailbox: 1 });
  const ask = style.body(function* () {
    return yield* get(actor.ask.add());
  });
  const answers = yield* finish(["a", "b"].map((name) => spawn(ask, { name })));
  check(new Set(answers).size === answers.length, `answers ${answers.join()}`);
  actor[Symbol.dispose]();
});
