/**
 * A wait queue for things that are told apart, and lie in the order in which they came: who waited longer gets
 * the earlier one, whoever of those that were granted one polls first.
 */
import { pin } from "../internal/pin.ts";
import { Ring } from "../internal/ring.ts";
import { WaitQueue, type Waiter } from "./wait-queue.ts";

export class OrderedQueue extends WaitQueue {
  /** What was taken last lies behind as many, which others have been granted. */
  declare rank: number;
  /** Who has been granted one and has not taken it: the earliest, and those after it. */
  declare private earliest: Waiter | null;
  declare private later: Ring<Waiter> | null;

  constructor(available: number) {
    super(available);
    this.rank = 0;
    this.earliest = null;
    this.later = null;
  }

  override tryTake(count: number): boolean {
    if (this.available < count || (this.head !== null && count > 0)) return false;
    this.available -= count;
    this.rank = this.earliest === null && this.later === null ? 0 : this.granted;
    return true;
  }
  override take(waiter: Waiter): void {
    super.take(waiter);
    this.rank = this.forget(waiter);
  }
  override abandon(waiter: Waiter): void {
    if (waiter.isGranted) this.forget(waiter);
    super.abandon(waiter);
  }

  private get granted(): number {
    return (this.earliest === null ? 0 : 1) + (this.later === null ? 0 : this.later.length);
  }
  protected override grant(waiter: Waiter): void {
    super.grant(waiter);
    // One at a time is what there is nearly always.
    if (this.granted === 0) this.earliest = waiter;
    else (this.later ??= new Ring()).push(waiter);
  }
  /** Gives the number of those before it. */
  private forget(waiter: Waiter): number {
    if (this.earliest === waiter) {
      this.earliest = null;
      return 0;
    }
    const later = this.later!;
    let index = 0;
    while (later.get(index) !== waiter) index++;
    later.takeAt(index);
    return this.earliest === null ? index : index + 1;
  }

  /** Everything is gone. Nobody who was granted something may take or abandon it. */
  clear(): void {
    this.available = 0;
    this.earliest = null;
    this.later = null;
  }
}

pin(new OrderedQueue(0));
