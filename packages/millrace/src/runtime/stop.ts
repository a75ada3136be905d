/** What stops something from outside: a cancellation token or an `AbortSignal`. */
import { kindOf, stopHint } from "./argument.ts";
import { PENDING, type Poll, type Waker } from "./body.ts";
import { abandon, claim, Future, type StopLike } from "./future.ts";
import { wakeSafely } from "./listeners.ts";

/** Completes when the signal fires. */
class Aborted extends Future<void> {
  readonly #signal: AbortSignal;
  #waker: Waker | null = null;
  readonly #onAbort: () => void = () => wakeSafely(this.#waker!);
  constructor(signal: AbortSignal) {
    super();
    this.#signal = signal;
  }
  poll(waker: Waker): Poll<void> {
    if (this.#signal.aborted) return undefined;
    if (this.#waker === null) this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#waker = waker;
    return PENDING;
  }
  override drop(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
  override describeWait(): string {
    return "an abort signal";
  }
  override get isExternalWait(): boolean {
    return true;
  }
}

/** Listens for a token or signal; leaves nothing behind when it is closed. */
export class Stop {
  /** What it waits for. */
  wait: Future<void> | null = null;
  readonly #stop: StopLike;
  constructor(stop: StopLike) {
    this.#stop = stop;
  }
  get hasFired(): boolean {
    return this.#stop instanceof AbortSignal ? this.#stop.aborted : this.#stop.isCancelled;
  }
  get reason(): unknown {
    return this.#stop.reason;
  }
  listen(waker: Waker): void {
    const stop = this.#stop;
    this.wait ??= claim(stop instanceof AbortSignal ? new Aborted(stop) : stop.cancelled());
    this.wait.poll(waker);
  }
  close(): void {
    if (this.wait !== null) abandon(this.wait);
  }
}

/** `what` says who expects it, and as what. */
export function checkStop(what: string, stop: StopLike): void {
  if (stop instanceof AbortSignal || typeof (stop as StopToken | null)?.cancelled === "function") return;
  throw new TypeError(`${what} an AbortSignal or a CancellationToken, got ${stopHint(stop) ?? kindOf(stop)}`);
}

type StopToken = Partial<Exclude<StopLike, AbortSignal>>;
