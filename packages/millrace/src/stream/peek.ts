/** A source of which the next item can be looked at. */
import { PENDING, type Waker } from "../runtime/body.ts";
import { END, Operator, type Pulled } from "./source.ts";

export class PeekSource<T> extends Operator<T, T> {
  /** The item that was looked at; PENDING when none was. */
  #next: Pulled<T> = PENDING;

  peek(waker: Waker): Pulled<T> {
    if (this.#next === PENDING) this.#next = this.isOver ? END : this.upstream.poll(waker);
    return this.#next;
  }
  /** The item that was looked at has been used. */
  taken(): void {
    if (this.#next !== END) this.#next = PENDING;
  }
  poll(waker: Waker): Pulled<T> {
    const item = this.#next;
    if (item === PENDING) return this.upstream.poll(waker);
    if (item !== END) this.#next = PENDING;
    return item;
  }
  override get mayGoOn(): boolean {
    return this.upstream.mayGoOn;
  }
}
