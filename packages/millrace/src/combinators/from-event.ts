/** The next event of an `EventTarget` or a Node `EventEmitter`. */
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { Future } from "../runtime/future.ts";
import { wakeSafely } from "../runtime/listeners.ts";

interface Emitter {
  on(event: string, listener: (first: unknown) => void): unknown;
  off(event: string, listener: (first: unknown) => void): unknown;
}

/** Adds a listener and gives back how to remove it. */
export type Listen = (event: string, listener: (value: unknown) => void) => () => void;

class FromEvent<T> extends Future<T> {
  readonly #listen: Listen;
  readonly #event: string;
  /** Emitters report failures as an "error" event; targets have no such convention. */
  readonly #rejectsOnError: boolean;
  #waker: Waker | null = null;
  #removers: (() => void)[] | null = null;
  #isSettled: boolean = false;
  #isFailed: boolean = false;
  #result: unknown = undefined;

  constructor(listen: Listen, event: string, rejectsOnError: boolean) {
    super();
    this.#listen = listen;
    this.#event = event;
    this.#rejectsOnError = rejectsOnError && event !== "error";
  }

  poll(waker: Waker): Poll<T> {
    this.#waker = waker;
    if (this.#removers === null) this.#start();
    if (!this.#isSettled) return PENDING;
    if (this.#isFailed) throw this.#result;
    return this.#result as T;
  }

  override drop(): void {
    this.#waker = null;
    this.#stop();
  }

  override describeWait(): string {
    return `event "${this.#event}"`;
  }
  override get isExternalWait(): boolean {
    return true;
  }

  #start(): void {
    this.#removers = [this.#listen(this.#event, (value) => this.#settle(false, value))];
    if (this.#rejectsOnError)
      this.#removers.push(this.#listen("error", (error) => this.#settle(true, error)));
  }

  #settle(isFailed: boolean, result: unknown): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#isFailed = isFailed;
    this.#result = result;
    this.#stop();
    if (this.#waker !== null) wakeSafely(this.#waker);
  }

  #stop(): void {
    for (const remove of this.#removers ?? []) remove();
    this.#removers = [];
  }
}

/**
 * The next event of an `EventTarget` (the event) or a Node `EventEmitter` (its first argument; an
 * "error" event meanwhile rejects it), counted from the first poll.
 *
 * **Cancel safety.** The listener is removed when it is abandoned. Events between two calls are not
 * seen; use a stream for every event.
 *
 * @throws TypeError when `source` is neither.
 *
 * @example
 * ```ts
 * import { fromEvent } from "millrace";
 *
 * const target = new EventTarget();
 * setTimeout(() => target.dispatchEvent(new Event("open")), 5);
 * const event = await fromEvent<Event>(target, "open");
 * console.log(event.type); // open
 * ```
 */
export function fromEvent<T = unknown>(source: object, event: string): Future<T> {
  const { listen, rejectsOnError } = listenTo("fromEvent", source);
  return new FromEvent<T>(listen, event, rejectsOnError);
}

/** How to listen to an `EventTarget` or an `EventEmitter`. Emitters report failures as an "error" event. */
export function listenTo(caller: string, source: object): { listen: Listen; rejectsOnError: boolean } {
  if (typeof (source as Partial<EventTarget> | null)?.addEventListener === "function") {
    const target = source as EventTarget;
    const listen: Listen = (name, listener) => {
      target.addEventListener(name, listener);
      return () => target.removeEventListener(name, listener);
    };
    return { listen, rejectsOnError: false };
  }
  const emitter = source as Emitter | null;
  if (typeof emitter?.on !== "function" || typeof emitter.off !== "function") {
    throw new TypeError(
      `${caller} expects an EventTarget or an EventEmitter, got ${source === null ? "null" : typeof source}`,
    );
  }
  const listen: Listen = (name, listener) => {
    emitter.on(name, listener);
    return () => emitter.off(name, listener);
  };
  return { listen, rejectsOnError: true };
}
