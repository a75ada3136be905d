/**
 * What one attempt holds: its place among the requests in flight, the way to abort it on the wire, the
 * source of its body, and how long it may take. It is given up once, however the attempt ends; a response
 * whose body is still to be read takes it over.
 */
import { fromPromise, Future, now, race, timeoutAt, type Poll, type Waker } from "millrace";
import { pin } from "../pin.ts";
import type { Place } from "./in-flight.ts";
import type { RequestPlan } from "./request-plan.ts";
import { Upload } from "./upload.ts";

export class Lease {
  readonly #controller: AbortController = new AbortController();
  #place: Place | null = null;
  #upload: Upload | null = null;
  #isOver: boolean = false;
  /** When its waits end, in ms as `now()` gives. */
  #deadline: number = Infinity;
  readonly #plan: RequestPlan;
  readonly #isNetwork: boolean;

  /** `isNetwork`: a paused clock stands still for it, as it must for whatever is outside of the program. */
  constructor(plan: RequestPlan, isNetwork: boolean) {
    this.#plan = plan;
    this.#isNetwork = isNetwork;
  }

  /** From now on: for what is waited for in all. */
  limit(ms: number): void {
    this.#deadline = ms === Infinity ? Infinity : now() + ms;
  }
  /** A `TimeoutError` of a wait was ours. */
  get isLate(): boolean {
    return now() >= this.#deadline;
  }

  /** What the attempt waits for, within its limit. */
  wait<T>(promise: Promise<T>): Future<T> {
    const future = new Answer(this.#plan, this.#isNetwork ? fromPromise(promise) : race(promise));
    return this.#deadline === Infinity ? future : timeoutAt(this.#deadline, future);
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
  /** The body as `fetch` is given it. */
  sends(body: BodyInit): BodyInit {
    if (!(body instanceof ReadableStream)) return body;
    this.#upload = new Upload(body);
    return this.#upload.body;
  }
  /** The answer has been read to its end. */
  end(): void {
    this.#isOver = true;
    this.#upload?.release();
    this.#upload = null;
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

/** What the other side is waited for, by the name of the request. */
class Answer<T> extends Future<T> {
  readonly #plan: RequestPlan;
  readonly #inner: Future<T>;

  constructor(plan: RequestPlan, inner: Future<T>) {
    super();
    this.#plan = plan;
    this.#inner = inner;
  }
  poll(waker: Waker): Poll<T> {
    return this.#inner.poll(waker);
  }
  override drop(): void {
    this.#inner[Symbol.dispose]();
  }
  override get [Symbol.toStringTag](): string {
    return requestTag(this.#plan);
  }
}

/** How a request is called in dumps, deadlock reports and the console. */
export function requestTag({ method, url }: RequestPlan): string {
  return `${method} ${url}`;
}

/**
 * Makes the result of a response, within the attempt's limit. It ends the lease, or hands it on with what it
 * gives. It runs beside the task, so that a request is one wait: nothing in it may wait on the runtime.
 */
export type Reader<T> = (plan: RequestPlan, response: Response, lease: Lease) => T | Promise<T>;

const never = new Promise<never>(() => {});
const [outside, inside] = [true, false].map((isNetwork) => new Lease(null as never, isNetwork));
const waiting = inside!.wait(never);
waiting.poll({ wake: () => {} });
pin(outside, outside!.wait(never), waiting);
