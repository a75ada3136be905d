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
  fire(): void {
    this.hasFired = true;
    wakeSafely(this.waker);
  }
}

/** Arms it, anew if it was armed. */
export function setAlarm(alarm: Alarm, clock: Clock, deadline: number): void {
  alarm.hasFired = false;
  clock.cancel(alarm);
  clock.schedule(alarm, deadline);
}

pin(new Alarm({ wake: () => {} }));
