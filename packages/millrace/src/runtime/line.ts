/**
 * Who waited longest for something that anybody may take who looks: of those who were woken together the one
 * who waited longer goes first, whoever of them is polled first. Whoever comes too early lets the first one pass
 * and looks again; one that does not come then (it was woken, and is not polled) has lost its place, so nobody
 * waits for what is forgotten.
 */
import { pin } from "../internal/pin.ts";
import type { Waker } from "./body.ts";

/** Of one wait. It refers to nobody, so that whoever waits can be collected. */
export class Place {
  declare gaveWayTo: Place | null;
  constructor() {
    this.gaveWayTo = null;
  }
}

export class Line {
  declare private first: Place | null;
  /** Those behind it; there seldom is one. */
  declare private others: Set<Place> | null;
  constructor() {
    this.first = null;
    this.others = null;
  }

  /** Nobody waits: whoever comes may take what is there. */
  get isEmpty(): boolean {
    return this.first === null;
  }
  /** It has begun to wait, or goes on. */
  enter(place: Place): void {
    if (this.first === null) this.first = place;
    else if (this.first !== place) (this.others ??= new Set()).add(place);
  }
  leave(place: Place | null): void {
    if (place === null) return;
    place.gaveWayTo = null;
    if (this.first !== place) {
      this.others?.delete(place);
      return;
    }
    this.first = null;
    const { others } = this;
    if (others === null) return;
    for (const next of others) {
      others.delete(next);
      this.first = next;
      return;
    }
  }
  /** Something is there. If it is another's, this one is polled again, after that. */
  isTurnOf(place: Place, waker: Waker): boolean {
    if (place.gaveWayTo !== null && place.gaveWayTo === this.first) this.leave(this.first);
    const { first } = this;
    if (first === null || first === place) return true;
    place.gaveWayTo = first;
    this.enter(place);
    waker.wake();
    return false;
  }
}

pin(new Line());
pin(new Place());
