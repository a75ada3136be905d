/**
 * Many deadlines, one timer. Those of one length are due in the order in which they were set, so each length
 * has a lane, and adding and removing wake nobody: the sleeper looks at the lanes when it wakes, and is
 * woken early only by a deadline that is sooner than what it sleeps for. It then sleeps until that one even
 * if it has been removed since, or requests that are answered at once would each wake it.
 */
import { Notify, now, race, sleepUntil, type Routine } from "millrace";

export interface Expiring {
  expire(): void;
}

export interface Deadline {
  readonly item: Expiring;
  readonly at: number;
  readonly lane: Set<Deadline>;
}

export class Deadlines {
  readonly #lanes: Map<number, Set<Deadline>> = new Map();
  readonly #sooner: Notify = new Notify();
  /** When the sleeper wakes. */
  #wakesAt: number = Infinity;

  /** In `ms` from now, of the runtime that the caller's task belongs to. */
  add(item: Expiring, ms: number): Deadline {
    let lane = this.#lanes.get(ms);
    if (lane === undefined) this.#lanes.set(ms, (lane = new Set()));
    const deadline = { item, at: now() + ms, lane };
    lane.add(deadline);
    if (deadline.at >= this.#wakesAt) return deadline;
    this.#wakesAt = deadline.at;
    this.#sooner.notifyOne();
    return deadline;
  }
  remove(deadline: Deadline): void {
    deadline.lane.delete(deadline);
  }

  /** Runs until it is abandoned. */
  *run(): Routine<never> {
    for (;;) {
      const time = now();
      const next = this.#expireUntil(time);
      this.#wakesAt = this.#wakesAt <= time ? next : Math.min(this.#wakesAt, next);
      const sooner = this.#sooner.notified();
      yield* this.#wakesAt === Infinity ? sooner : race(sooner, sleepUntil(this.#wakesAt));
    }
  }

  /** Tells what is due, and gives the time of what is due next. */
  #expireUntil(time: number): number {
    let next = Infinity;
    for (const [ms, lane] of this.#lanes) {
      for (const deadline of lane) {
        if (deadline.at > time) {
          next = Math.min(next, deadline.at);
          break;
        }
        lane.delete(deadline);
        deadline.item.expire();
      }
      if (lane.size === 0) this.#lanes.delete(ms);
    }
    return next;
  }
}
