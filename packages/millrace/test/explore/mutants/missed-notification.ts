/** A gate whose visitor looks whether it is open, and lies down to be woken only later. */
import { Notify, join, spawn, yieldNow, type Body } from "millrace";
import { get, type Steps } from "../../both-styles.ts";
import type { Mutant } from "./mutant.ts";

class Gate {
  readonly #opened: Notify = new Notify();
  #isOpen: boolean = false;

  open(): void {
    this.#isOpen = true;
    this.#opened.notifyWaiters();
  }
  *broken(): Steps<void> {
    if (this.#isOpen) return;
    yield* get(yieldNow());
    yield* get(this.#opened.notified());
  }
  *fixed(): Steps<void> {
    yield* get(yieldNow());
    if (!this.#isOpen) yield* get(this.#opened.notified());
  }
}

export const missedNotification: Mutant = {
  name: "a notification is missed",
  failure: /deadlock/,
  options: {},
  program: ({ body }, isBroken) =>
    body(function* () {
      const gate = new Gate();
      const visit = body(() => (isBroken ? gate.broken() : gate.fixed()));
      const open = body(function* () {
        yield* get(yieldNow());
        yield* get(yieldNow());
        gate.open();
      });
      yield* get(join(spawn(visit, { name: "visitor" }), spawn(open, { name: "porter" })));
    }) as Body<void>,
};
