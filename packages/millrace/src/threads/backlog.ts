/** Calls that wait for a slot, oldest first. What is withdrawn stays where it is until it would be next. */
import { Ring } from "../internal/ring.ts";
import type { SubmittedCall } from "./submitted-call.ts";

export class Backlog {
  readonly #calls: Ring<SubmittedCall> = new Ring();
  readonly #withdrawn: Set<SubmittedCall> = new Set();

  get length(): number {
    return this.#calls.length - this.#withdrawn.size;
  }
  push(call: SubmittedCall): void {
    this.#calls.push(call);
  }
  withdraw(call: SubmittedCall): void {
    this.#withdrawn.add(call);
  }
  shift(): SubmittedCall | undefined {
    let next = this.#calls.shift();
    while (next !== undefined && this.#withdrawn.delete(next)) next = this.#calls.shift();
    return next;
  }
}
