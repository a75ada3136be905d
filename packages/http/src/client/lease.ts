/**
 * What one attempt holds: its place among the requests in flight, and the way to abort it on the wire. It is
 * given up once, however the attempt ends; a response whose body is still to be read takes it over.
 */
import { fromPromise, race, type Future } from "millrace";
import type { Place } from "./in-flight.ts";

export class Lease {
  readonly #controller: AbortController = new AbortController();
  #place: Place | null = null;
  #isOver: boolean = false;
  readonly #isNetwork: boolean;

  /** `isNetwork`: a paused clock stands still for it, as it must for whatever is outside of the program. */
  constructor(isNetwork: boolean) {
    this.#isNetwork = isNetwork;
  }

  /** What the attempt waits for. */
  wait<T>(promise: Promise<T>): Future<T> {
    return this.#isNetwork ? fromPromise(promise) : race(promise);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  get isOver(): boolean {
    return this.#isOver;
  }
  holds(place: Place): void {
    this.#place = place;
  }
  /** The answer has been read to its end. */
  end(): void {
    this.#isOver = true;
    this.#place?.release();
    this.#place = null;
  }
  /** Nobody wants the rest: the connection is closed. */
  abort(): void {
    if (this.#isOver) return;
    this.#controller.abort();
    this.end();
  }
}
