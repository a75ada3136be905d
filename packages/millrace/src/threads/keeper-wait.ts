/** Waiting for what a keeper has to grant. */
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { cx } from "../runtime/kernel.ts";
import { Operation } from "../runtime/operation.ts";
import { KeepAlive } from "./keep-alive.ts";
import { expectOthers, hasOthers } from "./others.ts";
import { givenBack, type Keeper, type Ticket, type Wish } from "./keeper.ts";

const NEW = 0;
const WAITING = 1;
const GRANTED = 2;
const OVER = 3;

/** Lines keep no program alive: waits do. */
let waits = 0;
const keepAlive = new KeepAlive();
function count(change: number): void {
  waits += change;
  if (hasOthers()) keepAlive.hold(waits > 0);
}
expectOthers(() => count(0));

export abstract class KeeperWait<T> extends Operation<T> implements Ticket {
  readonly #keeper: Keeper;
  readonly #wish: Wish;
  #state: number = NEW;
  #value: unknown = undefined;
  #waker: Waker | null = null;

  constructor(keeper: Keeper, wish: Wish) {
    super();
    this.#keeper = keeper;
    this.#wish = wish;
  }

  /** What was granted, as the result; or throws. It says what became of it. */
  protected abstract finish(value: unknown): T;

  poll(waker: Waker): Poll<T> {
    if (!mayProceed(waker)) return PENDING;
    if (this.#state === NEW) {
      this.#state = WAITING;
      count(1);
      this.#keeper.want(this.#wish, this);
    }
    if (this.#state === WAITING) {
      this.#waker = waker;
      return PENDING;
    }
    this.#state = OVER;
    cx.budget--;
    return this.finish(this.#value);
  }
  grant(value: unknown): void {
    count(-1);
    this.#state = GRANTED;
    this.#value = value;
    this.#waker?.wake();
  }
  override drop(): void {
    const state = this.#state;
    this.#state = OVER;
    if (state === WAITING) {
      count(-1);
      this.#keeper.unwant(this);
    } else if (state === GRANTED) {
      const news = givenBack(this.#wish, this.#value);
      if (news !== undefined) this.#keeper.tell(news);
    }
  }
  override get isExternalWait(): boolean {
    return hasOthers();
  }
}
