/**
 * How many requests are on their way, in total and to each host. A request first gets in line for its host,
 * so that a slow host holds back nobody else's requests.
 */
import { Semaphore, type Routine, type SemaphorePermit } from "millrace";

export interface InFlightLimits {
  readonly total: number;
  readonly perHost: number;
}

interface Line {
  readonly permits: Semaphore;
  /** Requests that hold a permit of it or wait for one: a host that nobody uses is forgotten. */
  users: number;
}

/** A place among the requests in flight. */
export interface Place {
  /** Idempotent. */
  release(): void;
}

export class InFlight {
  readonly #total: Semaphore | null;
  readonly #perHost: number;
  readonly #lines: Map<string, Line> = new Map();

  constructor({ total, perHost }: InFlightLimits) {
    this.#total = total === Infinity ? null : new Semaphore(total, { name: "requests in flight" });
    this.#perHost = perHost;
  }

  /** Hosts that have requests in flight or waiting. */
  get hosts(): number {
    return this.#lines.size;
  }

  *enter(host: string): Routine<Place> {
    const line = this.#perHost === Infinity ? null : this.#join(host);
    let own: SemaphorePermit | undefined;
    let common: SemaphorePermit | undefined;
    const leave = (): void => {
      common?.release();
      own?.release();
      if (line !== null) this.#part(host, line);
    };
    let isIn = false;
    try {
      if (line !== null) own = now(line.permits) ?? (yield* line.permits.acquire());
      if (this.#total !== null) common = now(this.#total) ?? (yield* this.#total.acquire());
      isIn = true;
    } finally {
      if (!isIn) leave();
    }
    return new Taken(leave);
  }

  #join(host: string): Line {
    let line = this.#lines.get(host);
    if (line === undefined) {
      const permits = new Semaphore(this.#perHost, { name: `requests in flight to ${host}` });
      this.#lines.set(host, (line = { permits, users: 0 }));
    }
    line.users++;
    return line;
  }
  #part(host: string, line: Line): void {
    if (--line.users === 0) this.#lines.delete(host);
  }
}

/** A free permit, without making a future for it. */
function now(semaphore: Semaphore): SemaphorePermit | undefined {
  const taken = semaphore.tryAcquire();
  return taken.ok ? taken.value : undefined;
}

class Taken implements Place {
  #leave: (() => void) | null;
  constructor(leave: () => void) {
    this.#leave = leave;
  }
  release(): void {
    this.#leave?.();
    this.#leave = null;
  }
}
