/** How often something may be restarted: at most `limit` times within any stretch of `within` ms. */
import { checkCount } from "../runtime/argument.ts";
import { toMs, type Duration } from "../runtime/duration.ts";
import { counted } from "../runtime/counted.ts";

const DEFAULT: RestartOptions = { limit: 3, within: 5000 };

export interface RestartOptions {
  limit: number;
  within: Duration;
}

export class RestartLimit {
  readonly #limit: number;
  readonly #withinMs: number;
  /** When it was restarted, the oldest first; never more than `#limit` of them. */
  #times: number[] = [];

  /** @throws RangeError for a bad limit or window, named after `caller`. */
  constructor(caller: string, options: RestartOptions = DEFAULT) {
    this.#limit = checkCount(caller, "restarts.limit", options.limit, 0);
    this.#withinMs = toMs(`${caller} (restarts.within)`, options.within);
    if (this.#withinMs === 0) {
      throw new RangeError(
        `${caller} expects restarts.within to be more than 0 ms, got 0: no restart would ever count`,
      );
    }
  }

  /** Counts a restart at `now`; false when it is one too many. One that is `within` ms old counts no more. */
  tryRestart(now: number): boolean {
    this.#times = this.#times.filter((time) => now - time < this.#withinMs);
    if (this.#times.length >= this.#limit) return false;
    this.#times.push(now);
    return true;
  }

  describe(): string {
    return `${counted(this.#limit, "restart")} within ${this.#withinMs} ms`;
  }
}
