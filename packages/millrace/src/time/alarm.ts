/** A timer that wakes a waker: what the futures of this folder are armed with. */
import type { Waker } from "../runtime/body.ts";
import { Timer, type Clock } from "../runtime/clock.ts";
import { wakeSafely } from "../runtime/listeners.ts";
import { pin } from "../internal/pin.ts";

export class Alarm extends Timer {
  declare waker: Waker;
  declare hasFired: boolean;
  constructor(waker: Waker) {
    super();
    this.hasFired = false;
    this.waker = waker;
  }
  get isArmed(): boolean {
    return this.slot >= 0;
  }
  fire(): void {
    this.hasFired = true;
    wakeSafely(this.waker);
  }
  /** As if the time had come. */
  fireEarly(clock: Clock): void {
    clock.cancel(this);
    this.fire();
  }
  set(clock: Clock, deadline: number): void {
    this.hasFired = false;
    clock.cancel(this);
    clock.schedule(this, deadline);
  }
}

pin(new Alarm({ wake: () => {} }));
