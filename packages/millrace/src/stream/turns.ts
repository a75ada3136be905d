/**
 * The consumers of one stream. Whoever pulls it has the turn until it has what it asked for; the others
 * wait in line, so that each wake-up of the source reaches the one that waits for it.
 *
 *   FRESH ──takeTurn──► IN LINE ──granted──► HAS THE TURN ──endTurn──► FRESH
 *                          └──────leaveLine─────┴─► GONE (the next in line has the turn)
 */
import type { Waker } from "../runtime/body.ts";
import { Operation } from "../runtime/operation.ts";
import { WaitQueue, type Waiter } from "../runtime/wait-queue.ts";
import type { Closing } from "./closing.ts";

/** Whose turn it is. */
export class Turns {
  readonly queue: WaitQueue = new WaitQueue(1);
  /** Of the one whose turn it is, while it waits for an item. */
  waker: Waker | null = null;
  /** To be thrown when the source has closed, by whoever asks then. */
  failure: { readonly error: unknown; readonly closing: Closing } | null = null;
}

/** What pulls a stream when it is its turn. */
export abstract class Turn<T> extends Operation<T> {
  declare protected readonly turns: Turns;
  declare private waiter: Waiter | null;
  declare protected hasTurn: boolean;
  constructor(turns: Turns) {
    super();
    this.turns = turns;
    this.waiter = null;
    this.hasTurn = false;
  }

  protected takeTurn(waker: Waker): boolean {
    if (this.hasTurn) return true;
    const { queue } = this.turns;
    if (this.waiter === null) {
      if (!queue.tryTake(1)) {
        this.waiter = queue.enter(1, waker);
        return false;
      }
    } else if (this.waiter.isWaiting) {
      this.waiter.waker = waker;
      return false;
    } else {
      queue.take(this.waiter);
      this.waiter = null;
    }
    return (this.hasTurn = true);
  }
  protected endTurn(): void {
    this.turns.waker = null;
    this.hasTurn = false;
    this.turns.queue.give(1);
  }
  /** Wants nothing any more. */
  protected leaveLine(): void {
    if (this.hasTurn) this.endTurn();
    else if (this.waiter !== null) this.turns.queue.abandon(this.waiter);
  }
}
