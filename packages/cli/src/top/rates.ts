/** How much there was since the last picture. */
import type { ConsoleState, ConsoleTask } from "@millrace/console";

export class Rates {
  #at: number | undefined;
  #polls: number = 0;
  #busy: Map<number, number> = new Map();
  /** Of the last two pictures. */
  #shares: Map<number, number> = new Map();
  pollsPerSecond: number | undefined;

  /** A picture is about to be made. */
  measure({ at, totals, tasks }: ConsoleState): void {
    if (at === this.#at) return;
    const passed = this.#at === undefined ? undefined : at - this.#at;
    const shares: Map<number, number> = new Map();
    const busy: Map<number, number> = new Map();
    for (const { id, busyMs } of tasks.values()) {
      busy.set(id, busyMs);
      if (passed !== undefined) shares.set(id, Math.min(1, (busyMs - (this.#busy.get(id) ?? 0)) / passed));
    }
    if (passed !== undefined) this.pollsPerSecond = ((totals.polls - this.#polls) / passed) * 1000;
    this.#at = at;
    this.#polls = totals.polls;
    this.#busy = busy;
    this.#shares = shares;
  }

  /** From 0 to 1; `undefined` until there were two pictures. */
  share({ id }: ConsoleTask): number | undefined {
    return this.#shares.get(id);
  }
}
