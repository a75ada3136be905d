import { Future, main, PENDING, type Poll, sleep, spawn, type Waker } from "millrace";
import { step } from "millrace/testing";

/** Completes when somebody opens it. */
class Gate extends Future<string> {
  #isOpen = false;
  #waker: Waker | undefined;

  poll(waker: Waker): Poll<string> {
    if (this.#isOpen) return "through";
    this.#waker = waker; // whoever polled last is woken
    return PENDING;
  }
  override drop(): void {
    this.#waker = undefined; // abandoned: leave no trace
  }
  open(): void {
    this.#isOpen = true;
    this.#waker?.wake(); // "try again", no more: the value is taken by the next poll
  }
}

const gate = new Gate();
using stepper = step(gate);
console.log("1st poll:", stepper.poll() === PENDING ? "pending" : "ready");
console.log("woken:   ", stepper.isWoken);
gate.open();
console.log("woken:   ", stepper.isWoken);
console.log("2nd poll:", stepper.poll());

// In a program nobody polls by hand: the task that awaits it does, when it is woken.
await main(async () => {
  const other = new Gate();
  spawn(sleep(10).map(() => other.open())).detach();
  console.log("awaited: ", await other);
});
