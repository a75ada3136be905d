/**
 * Many futures polled as one. Each child has a waker of its own, so that a wake-up polls that child
 * and no other: joining n futures costs O(n), not O(n²). What it means that a child settled is up to
 * the combinator.
 *
 * Children are polled in rounds, each of those that became ready since the last one began. The first of a
 * round is the one whose last turn to be first is the longest ago, and a round that runs out of budget goes
 * on where it stopped: a child that uses up the budget each time cannot starve the others, and n ready
 * children cost O(n) however often the budget runs out.
 */
import { mayProceed } from "../runtime/cooperation.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { abandon, type Future } from "../runtime/future.ts";
import { Operation } from "../runtime/operation.ts";
import { pin } from "../internal/pin.ts";
import { counted } from "../runtime/counted.ts";

class Child implements Waker {
  declare future: Future<unknown> | null;
  declare readonly index: number;
  declare private readonly gather: Gather<unknown>;
  declare isReady: boolean;
  /** The last round in which it was polled first. */
  declare ledRound: number;
  constructor(gather: Gather<unknown>, future: Future<unknown>, index: number) {
    this.isReady = true;
    this.ledRound = 0;
    this.gather = gather;
    this.future = future;
    this.index = index;
  }
  wake(): void {
    if (this.isReady || this.future === null) return;
    this.isReady = true;
    this.gather.childWoken(this);
  }
}

interface Given {
  readonly future: Future<unknown>;
  readonly value: unknown;
}

export abstract class Gather<R> extends Operation<R> {
  declare protected unsettled: number;
  readonly #children: Child[];
  /** The one under way, of which `polled` have had their turn, from `leader` on. */
  #round: Child[] = [];
  #polled: number = 0;
  #leader: number = 0;
  #rounds: number = 0;
  /** Of the next round. */
  #ready: Child[];
  #waker: Waker | null = null;
  #isPolling: boolean = false;
  #isOver: boolean = false;
  /** What was given so far and can be given back. */
  #given: Given[] | null = null;

  constructor(futures: readonly Future<unknown>[]) {
    super();
    this.unsettled = futures.length;
    this.#children = futures.map((future, index) => new Child(this as Gather<unknown>, future, index));
    this.#ready = [...this.#children];
  }

  /** A child gave its value. Anything but `PENDING` ends the whole. */
  protected abstract fulfilled(index: number, value: unknown): Poll<R>;
  /** A child failed. Anything but `PENDING` ends the whole; so does throwing. */
  protected abstract failed(index: number, error: unknown): Poll<R>;
  /** Every child has settled. May throw. */
  protected abstract finish(): R;

  poll(waker: Waker): Poll<R> {
    this.#waker = waker;
    if (this.#polled === this.#round.length) this.#beginRound();
    this.#isPolling = true;
    try {
      while (this.#polled < this.#round.length) {
        // Without budget none of the rest could complete: they wait for their turn together, polled once.
        if (!mayProceed(waker)) return PENDING;
        const result = this.#pollChild(this.#round[(this.#leader + this.#polled++) % this.#round.length]!);
        if (result === PENDING) continue;
        this.#end();
        return result;
      }
      if (this.unsettled === 0) {
        const result = this.finish();
        this.#isOver = true;
        return result;
      }
    } catch (error) {
      this.drop();
      throw error;
    } finally {
      this.#isPolling = false;
    }
    // A child woke itself, or another one, while it was polled.
    if (this.#ready.length > 0) waker.wake();
    return PENDING;
  }

  #beginRound(): void {
    const round = this.#ready;
    this.#round = round;
    this.#polled = 0;
    this.#ready = [];
    let leader = 0;
    for (let i = 1; i < round.length; i++) if (round[i]!.ledRound < round[leader]!.ledRound) leader = i;
    this.#leader = leader;
    if (round.length > 1) round[leader]!.ledRound = ++this.#rounds;
  }

  #pollChild(child: Child): Poll<R> {
    const { future } = child;
    if (future === null) return PENDING;
    child.isReady = false;
    let value: unknown;
    try {
      value = future.poll(child);
    } catch (error) {
      this.#childSettled(child);
      return this.failed(child.index, error);
    }
    if (value === PENDING) return PENDING;
    this.#childSettled(child);
    if (future.givesBack) (this.#given ??= []).push({ future, value });
    return this.fulfilled(child.index, value);
  }

  #childSettled(child: Child): void {
    child.future = null;
    this.unsettled--;
  }

  childWoken(child: Child): void {
    if (this.#isOver) return;
    this.#ready.push(child);
    if (!this.#isPolling) this.#waker?.wake();
  }

  override drop(): void {
    if (this.#isOver) return;
    this.#end();
    this.giveBack();
  }
  /** Nobody will see what came of it, nor what was to become a part of that. */
  override giveBack(): void {
    const given = this.#given;
    this.#given = null;
    if (given !== null) for (const { future, value } of given) future.giveBack(value);
  }

  /** Abandons whatever has not settled. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const child of this.#children) {
      const { future } = child;
      child.future = null;
      if (future !== null) abandon(future);
    }
  }

  override describeWait(): string {
    return counted(this.unsettled, "future");
  }
  override *innerWaits(): Iterable<Future<unknown>> {
    for (const { future } of this.#children) if (future !== null) yield future;
  }
}

pin(new Child(null as never, null as never, 0));
