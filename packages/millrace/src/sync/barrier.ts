/** Meeting: nobody goes on before all have arrived. */
import { pin } from "../internal/pin.ts";
import { threadBound } from "../internal/thread-bound.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { mayProceed } from "../runtime/cooperation.ts";
import { checkCount } from "../runtime/argument.ts";
import type { Future } from "../runtime/future.ts";
import { completed, Operation } from "../runtime/operation.ts";
import { cx } from "../runtime/kernel.ts";
import {
  label,
  made,
  type Attributes,
  type Named,
  type Resource,
  type ResourceKind,
} from "../runtime/resource.ts";
import { USED, WaitQueue, type Waiter } from "../runtime/wait-queue.ts";

/** What the parties of one barrier share. Those who have arrived are those who wait in the queue. */
class Meeting implements Resource {
  readonly parties: number;
  readonly queue: WaitQueue = new WaitQueue(0);
  arrived: number = 0;
  constructor(parties: number, options: Named | undefined) {
    this.parties = parties;
    made(this, options);
  }
  get resourceKind(): ResourceKind {
    return "barrier";
  }
  attributes(): Attributes {
    return { arrived: this.arrived, parties: this.parties };
  }
}

/** What each party of a round is given. */
export interface BarrierResult {
  /** True for one party of each round: the last to arrive. */
  readonly isLeader: boolean;
}

class Wait extends Operation<BarrierResult> {
  declare private readonly meeting: Meeting;
  declare private waiter: Waiter | null;
  constructor(meeting: Meeting) {
    super();
    this.meeting = meeting;
    this.waiter = null;
  }
  poll(waker: Waker): Poll<BarrierResult> {
    const { meeting, waiter } = this;
    if (waiter === USED) throw completed();
    if (waiter !== null) {
      if (waiter.isWaiting) {
        waiter.waker = waker;
        return PENDING;
      }
      this.waiter = USED;
      return { isLeader: false };
    }
    if (!mayProceed(waker)) return PENDING;
    cx.budget--;
    if (++meeting.arrived < meeting.parties) {
      this.waiter = meeting.queue.enter(1, waker);
      return PENDING;
    }
    this.waiter = USED;
    meeting.arrived = 0;
    meeting.queue.grantAll();
    return { isLeader: true };
  }
  override drop(): void {
    const { meeting, waiter } = this;
    if (waiter === null || waiter === USED) return;
    if (waiter.isWaiting) meeting.arrived--;
    meeting.queue.abandon(waiter);
  }
  override get waitedResource(): Resource {
    return this.meeting;
  }
  override describeWait(): string {
    const barrier = label(this.meeting, "a barrier");
    return `${barrier} (${this.meeting.arrived} of ${this.meeting.parties} arrived)`;
  }
}

/**
 * Lets nobody through before `parties` have arrived; then all go on, and the next round begins.
 *
 * **Cancel safety.** An abandoned `wait` is withdrawn: the barrier then needs another party.
 *
 * @example
 * ```ts
 * import { Barrier, joinAll } from "millrace";
 *
 * const barrier = new Barrier(3);
 * const results = await joinAll([1, 2, 3].map(() => barrier.wait()));
 * console.log(results.filter(({ isLeader }) => isLeader).length); // 1
 * ```
 */
export class Barrier {
  readonly #meeting: Meeting;

  /**
   * `parties` of 0 acts as 1.
   *
   * @throws RangeError unless `parties` is a non-negative integer.
   */
  constructor(parties: number, options?: Named) {
    this.#meeting = new Meeting(Math.max(1, checkCount("Barrier", "parties", parties, 0)), options);
  }

  /**
   * Arrives, when it is first polled, and waits for the others. The last to arrive leads.
   *
   * **Cancel safety.** Abandoned while it waits, it is withdrawn; after the last one came it changes nothing.
   */
  wait(): Future<BarrierResult> {
    return new Wait(this.#meeting);
  }
}

threadBound(Barrier, "a Barrier");

const sample = new Barrier(2);
pin(sample, sample.wait());
