/** The one timer of an operator, made when it has to wait. */
import { PENDING, type Waker } from "../runtime/body.ts";
import { abandon, claim, type Future } from "../runtime/future.ts";
import { cx } from "../runtime/kernel.ts";
import { now, sleepUntil } from "../time/sleep.ts";

export class Deadline {
  /** While there is one. */
  timer: Future<void> | null = null;
  #hadBudget: boolean = false;

  /** A poll of the operator begins: what uses up the budget from here on is its upstream. */
  begin(): void {
    this.#hadBudget = cx.budget > 0;
  }
  /** The upstream has nothing: whether the time has come. If not, `waker` is woken for it. */
  hasPassed(deadline: number, waker: Waker): boolean {
    // An upstream that uses up the budget each time would leave none for the timer.
    const isTireless = this.#hadBudget && cx.budget <= 0;
    if (isTireless && now() >= deadline) {
      this.stop();
      return true;
    }
    this.timer ??= claim(sleepUntil(deadline));
    if (this.timer.poll(waker) === PENDING) return false;
    this.timer = null;
    return true;
  }
  stop(): void {
    if (this.timer !== null) abandon(this.timer);
    this.timer = null;
  }
}
