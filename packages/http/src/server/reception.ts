/** What the server's requests and sockets share: whose tasks they are, what limits them, what is counted. */
import { Notify, type Future, type Routine, type TaskContext, type TaskScope } from "millrace";
import type { ServerRequest } from "srvx";
import type { Admission } from "./admission.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Answer } from "./exchange.ts";

/** A request or a socket that can be told to end. */
export interface Guest {
  abort(reason: string): void;
}

/** What it is given, and keeps. */
export interface House {
  readonly tasks: TaskScope;
  readonly admission: Admission;
  readonly deadlines: Deadlines;
  /** For a request, in ms. */
  readonly deadline: number;
  /** What a refused client is told, in seconds. */
  readonly retryAfter: number;
  readonly call: (request: ServerRequest, cx: TaskContext) => Future<Answer>;
  readonly onFailure: ((error: unknown, request: Request) => void) | undefined;
}

export class Reception {
  readonly house: House;
  readonly #guests: Set<Guest> = new Set();
  readonly #left: Notify = new Notify();
  served: number = 0;
  failed: number = 0;
  expired: number = 0;

  constructor(house: House) {
    this.house = house;
  }

  get size(): number {
    return this.#guests.size;
  }
  entered(guest: Guest): void {
    this.#guests.add(guest);
  }
  left(guest: Guest): void {
    if (this.#guests.delete(guest) && this.#guests.size === 0) this.#left.notifyWaiters();
  }
  abortAll(reason: string): number {
    const { size } = this.#guests;
    for (const guest of this.#guests) guest.abort(reason);
    return size;
  }
  *empty(): Routine<void> {
    while (this.#guests.size > 0) yield* this.#left.notified();
  }
}
