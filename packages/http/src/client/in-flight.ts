/**
 * How many requests are on their way, in total and to each host. A request first gets in line for its host,
 * so that a slow host holds back nobody else's requests.
 */
import { Semaphore, type Routine } from "millrace";
import { pin } from "../pin.ts";

export interface InFlightLimits {
  readonly total: number;
  readonly perHost: number;
}

interface Line {
  readonly limit: Limit;
  /** Requests that hold a permit of it or wait for one: a host that nobody uses is forgotten. */
  users: number;
}

/** A place among the requests in flight, or a part of it. */
export interface Place {
  release(): void;
}

export class InFlight {
  readonly #total: Limit | null;
  readonly #perHost: number;
  readonly #lines: Map<string, Line> = new Map();

  constructor({ total, perHost }: InFlightLimits) {
    this.#total = total === Infinity ? null : new Limit(total, "requests in flight");
    this.#perHost = perHost;
  }

  /** Hosts that have requests in flight or waiting. */
  get hosts(): number {
    return this.#lines.size;
  }

  /**
   * A place now, unless others have to be waited for. `isWatched`: one that goes to the program, with a
   * response, is released when the program loses it.
   */
  tryEnter(host: string, isWatched: boolean): Place | undefined {
    const line = this.#perHost === Infinity ? null : this.#join(host);
    const own = line === null ? null : line.limit.tryTake(isWatched);
    const common = this.#total === null || own === undefined ? null : this.#total.tryTake(isWatched);
    const place = new Taken(this, host, line, own ?? null, common ?? null);
    if (own !== undefined && common !== undefined) return place;
    place.release();
    return undefined;
  }

  *enter(host: string, isWatched: boolean): Routine<Place> {
    const line = this.#perHost === Infinity ? null : this.#join(host);
    const place = new Taken(this, host, line, null, null);
    let isIn = false;
    try {
      if (line !== null) place.own = yield* line.limit.take(isWatched);
      if (this.#total !== null) place.common = yield* this.#total.take(isWatched);
      isIn = true;
    } finally {
      if (!isIn) place.release();
    }
    return place;
  }

  #join(host: string): Line {
    let line = this.#lines.get(host);
    if (line === undefined) {
      const limit = new Limit(this.#perHost, `requests in flight to ${host}`);
      this.#lines.set(host, (line = { limit, users: 0 }));
    }
    line.users++;
    return line;
  }
  /** @internal */
  part(host: string, line: Line): void {
    if (--line.users === 0) this.#lines.delete(host);
  }
}

/**
 * A semaphore whose permits need no watching while they are in our hands: to hand each of them to the
 * collector is a tenth of what a request costs (the client rows of `bench:http`).
 */
class Limit implements Place {
  readonly #permits: Semaphore;

  constructor(most: number, name: string) {
    this.#permits = new Semaphore(most, { name });
  }
  tryTake(isWatched: boolean): Place | undefined {
    // Everybody takes one, so nobody waits while one is free.
    if (!isWatched) return this.#permits.forgetPermits(1) === 1 ? this : undefined;
    const taken = this.#permits.tryAcquire();
    return taken.ok ? taken.value : undefined;
  }
  *take(isWatched: boolean): Routine<Place> {
    const permit = yield* this.#permits.acquire();
    if (isWatched) return permit;
    permit.forget();
    return this;
  }
  /** Of one that is not watched. */
  release(): void {
    this.#permits.addPermits(1);
  }
}

class Taken implements Place {
  readonly #inFlight: InFlight;
  readonly #host: string;
  #line: Line | null;
  own: Place | null;
  common: Place | null;

  constructor(inFlight: InFlight, host: string, line: Line | null, own: Place | null, common: Place | null) {
    this.#inFlight = inFlight;
    this.#host = host;
    this.#line = line;
    this.own = own;
    this.common = common;
  }
  /** Idempotent. */
  release(): void {
    this.common?.release();
    this.own?.release();
    if (this.#line !== null) this.#inFlight.part(this.#host, this.#line);
    this.common = this.own = this.#line = null;
  }
}

pin(new InFlight({ total: 1, perHost: 1 }).tryEnter("", true));
