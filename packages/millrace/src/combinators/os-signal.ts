/** Ctrl-C and other OS signals. */
import { ClosedError } from "../errors.ts";
import { PENDING, type Poll, type Waker } from "../runtime/body.ts";
import { Acquire } from "../runtime/acquire.ts";
import { Future } from "../runtime/future.ts";
import { iterate } from "../runtime/iterate.ts";
import { awaitDelivery, listenTo, type SignalName } from "../runtime/signals.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import { wakeSafely } from "../runtime/listeners.ts";

class CtrlC extends Future<void> {
  #waker: Waker | null = null;
  #stop: (() => void) | null = null;
  #hasFired: boolean = false;

  poll(waker: Waker): Poll<void> {
    this.#waker = waker;
    if (this.#hasFired) return undefined;
    this.#stop ??= this.#listen();
    return PENDING;
  }
  #listen(): () => void {
    const stopWaiting = awaitDelivery();
    const stopListening = listenTo("SIGINT", () => {
      this.#hasFired = true;
      this.#stop!();
      if (this.#waker !== null) wakeSafely(this.#waker);
    });
    return () => {
      stopListening();
      stopWaiting();
    };
  }
  override drop(): void {
    this.#waker = null;
    this.#stop?.();
  }
  override describeWait(): string {
    return "Ctrl-C";
  }
  override get isExternalWait(): boolean {
    return true;
  }
}

/**
 * Completes at the first SIGINT after it is first awaited; the default action returns when the last
 * listener goes. While it is awaited the program stays alive: it has something to wait for.
 *
 * **Cancel safety.** Abandoning it stops listening.
 *
 * @example
 * ```ts
 * import { ctrlC, select, sleep } from "millrace";
 *
 * const first = await select({ work: sleep(10), stop: ctrlC() });
 * console.log(first.key);
 * ```
 */
export function ctrlC(): Future<void> {
  return new CtrlC();
}

/** True for a delivery; `undefined`, or a failure, once the listener was disposed. */
class Recv extends Acquire<true | undefined> {
  protected readonly queue: WaitQueue;
  readonly #name: SignalName;
  readonly #endsQuietly: boolean;
  #stopWaiting: (() => void) | null = null;
  constructor(deliveries: WaitQueue, name: SignalName, endsQuietly: boolean) {
    super();
    this.queue = deliveries;
    this.#name = name;
    this.#endsQuietly = endsQuietly;
  }
  override poll(waker: Waker): Poll<true | undefined> {
    this.#stopWaiting ??= awaitDelivery();
    let value: Poll<true | undefined> = undefined;
    try {
      value = super.poll(waker);
    } finally {
      if (value !== PENDING) this.#stopWaiting();
    }
    return value;
  }
  override drop(): void {
    this.#stopWaiting?.();
    super.drop();
  }
  protected granted(): true {
    return true;
  }
  protected closed(): undefined {
    if (this.#endsQuietly) return undefined;
    throw new ClosedError(`this listener for ${this.#name} was disposed`);
  }
  override describeWait(): string {
    return `signal ${this.#name}`;
  }
  override get isExternalWait(): boolean {
    return true;
  }
}

/** Listens from `osSignal` until it is disposed or its loop is left. */
export interface SignalListener extends AsyncIterable<void>, Disposable {
  /**
   * The next delivery.
   *
   * **Cancel safety.** Abandoning it loses none.
   *
   * @throws ClosedError once the listener was disposed.
   */
  recv(): Future<void>;
}

const NAMES: readonly SignalName[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2", "SIGWINCH", "SIGQUIT"];

/**
 * Every delivery of an OS signal from now on, until the listener is disposed or its `for await` loop
 * is left. A delivery that comes while nobody asks is kept.
 *
 * @throws RangeError for an unknown signal.
 *
 * @example
 * ```ts
 * import { osSignal, select, sleep } from "millrace";
 *
 * using hangups = osSignal("SIGHUP");
 * await select({ reload: hangups.recv(), done: sleep(10) });
 * ```
 */
export function osSignal(name: SignalName): SignalListener {
  if (!NAMES.includes(name)) {
    throw new RangeError(`osSignal expects one of ${NAMES.join(", ")}, got ${String(name)}`);
  }
  const deliveries = new WaitQueue(0);
  const stopListening = listenTo(name, () => deliveries.give(1));
  const stop = (): void => {
    stopListening();
    deliveries.close();
  };
  return {
    recv: () => new Recv(deliveries, name, false).map(() => {}),
    [Symbol.dispose]: stop,
    [Symbol.asyncIterator]: () =>
      iterate<true>(() => new Recv(deliveries, name, true), stop) as unknown as AsyncIterator<void>,
  };
}
