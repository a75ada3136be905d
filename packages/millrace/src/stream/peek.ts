/** A source of which the next item can be looked at. */
import { PENDING, type Waker } from "../runtime/body.ts";
import { END, Operator, type Pulled } from "./source.ts";

export class PeekSource<T> extends Operator<T, T> {
  /** The item that was looked at; PENDING when none was. */
  #next: T | typeof PENDING = PENDING;

  peek(waker: Waker): Pulled<T> {
    if (this.#next !== PENDING) return this.#next;
    const item = this.upstream.poll(waker);
    if (item !== END) this.#next = item;
    return item;
  }
  /** The item that was looked at has been used. */
  taken(): void {
    this.#next = PENDING;
  }
  poll(waker: Waker): Pulled<T> {
    const item = this.#next;
    if (item === PENDING) return this.upstream.poll(waker);
    this.#next = PENDING;
    return item;
  }
  override get mayGoOn(): boolean {
    return this.upstream.mayGoOn;
  }
}
