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

  /** A place now, unless others have to be waited for. */
  tryEnter(host: string): Place | undefined {
    const line = this.#perHost === Infinity ? null : this.#join(host);
    const own = line === null ? null : free(line.permits);
    const common = this.#total === null || own === undefined ? null : free(this.#total);
    const place = new Taken(this, host, line, own ?? null, common ?? null);
    if (own !== undefined && common !== undefined) return place;
    place.release();
    return undefined;
  }

  *enter(host: string): Routine<Place> {
    const line = this.#perHost === Infinity ? null : this.#join(host);
    const place = new Taken(this, host, line, null, null);
    let isIn = false;
    try {
      if (line !== null) place.own = yield* line.permits.acquire();
      if (this.#total !== null) place.common = yield* this.#total.acquire();
      isIn = true;
    } finally {
      if (!isIn) place.release();
    }
    return place;
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
  /** @internal */
  part(host: string, line: Line): void {
    if (--line.users === 0) this.#lines.delete(host);
  }
}

/** A free permit, without making a future for it. */
function free(semaphore: Semaphore): SemaphorePermit | undefined {
  const taken = semaphore.tryAcquire();
  return taken.ok ? taken.value : undefined;
}

class Taken implements Place {
  readonly #inFlight: InFlight;
  readonly #host: string;
  #line: Line | null;
  own: SemaphorePermit | null;
  common: SemaphorePermit | null;

  constructor(
    inFlight: InFlight,
    host: string,
    line: Line | null,
    own: SemaphorePermit | null,
    common: SemaphorePermit | null,
  ) {
    this.#inFlight = inFlight;
    this.#host = host;
    this.#line = line;
    this.own = own;
    this.common = common;
  }
  release(): void {
    this.common?.release();
    this.own?.release();
    if (this.#line !== null) this.#inFlight.part(this.#host, this.#line);
    this.common = this.own = this.#line = null;
  }
}
