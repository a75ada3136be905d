/** Tests under virtual time. */
import { optionsOf, requireBody } from "../runtime/argument.ts";
import { PENDING, type Awaitable, type Body, type Poll, type Waker } from "../runtime/body.ts";
import { toMs, type Duration } from "../runtime/duration.ts";
import { Future } from "../runtime/future.ts";
import type { Kernel } from "../runtime/kernel.ts";
import { internalsOf, Runtime, type RuntimeOptions } from "../runtime/runtime.ts";
import type { VirtualTime } from "../runtime/virtual-time.ts";

/** The clock of a paused run: time goes on when it is told to, or when nothing else is left to do. */
export interface TestClock {
  /** Virtual ms since the run began. */
  now(): number;
  /** Moves time forward timer by timer, in order, letting every task settle in between. */
  advance(duration: Duration): Future<void>;
  /** One jump (Tokio's `advance`): everything due fires together, tasks run afterwards. */
  jump(duration: Duration): void;
  /** Runs until nothing is ready, without moving time. */
  settle(): Future<void>;
  /** When true (default) time jumps to the next timer as soon as nothing else can run. */
  autoAdvance: boolean;
}

/**
 * Runs `body` on a runtime of its own with a paused clock: sleeping takes no time. Deterministic for a
 * given seed. Tasks still running when `body` ends are aborted.
 *
 * @example
 * ```ts
 * import { now, sleep } from "millrace";
 * import { paused } from "millrace/testing";
 *
 * await paused(async () => {
 *   await sleep({ days: 365 }); // at once
 *   console.log(now()); // 31536000000
 * });
 * ```
 */
export async function paused<T>(
  body: Body<T, [TestClock]>,
  options: RuntimeOptions & { autoAdvance?: boolean } = {},
): Promise<T> {
  requireBody("paused", body);
  optionsOf("paused", options);
  const runtime = new Runtime({ seed: 0, ...options, clock: "paused" });
  const { kernel, virtual } = internalsOf(runtime);
  const clock = new VirtualClock(kernel, virtual!);
  clock.autoAdvance = options.autoAdvance ?? true;
  try {
    return await runtime.run((() => body(clock)) as () => Awaitable<T>);
  } finally {
    clock.autoAdvance = true;
    await runtime.shutdown();
  }
}

class VirtualClock implements TestClock {
  readonly #kernel: Kernel;
  readonly #virtual: VirtualTime;
  constructor(kernel: Kernel, virtual: VirtualTime) {
    this.#kernel = kernel;
    this.#virtual = virtual;
  }
  now(): number {
    return this.#kernel.clock.now();
  }
  advance(duration: Duration): Future<void> {
    return new Advance(this.#kernel, this.#virtual, finiteMs("TestClock.advance", duration));
  }
  jump(duration: Duration): void {
    this.#virtual.moveTo(this.now() + finiteMs("TestClock.jump", duration));
  }
  settle(): Future<void> {
    return new Settle(this.#virtual);
  }
  get autoAdvance(): boolean {
    return this.#virtual.autoAdvance;
  }
  set autoAdvance(value: boolean) {
    this.#virtual.autoAdvance = value;
    if (value) this.#virtual.check();
  }
}

class Settle extends Future<void> {
  readonly #virtual: VirtualTime;
  #waker: Waker | null = null;
  #isSettled: boolean = false;
  #stop: (() => void) | null = null;

  constructor(virtual: VirtualTime) {
    super();
    this.#virtual = virtual;
  }
  poll(waker: Waker): Poll<void> {
    if (this.#isSettled) return undefined;
    this.#waker = waker;
    this.#stop ??= this.#virtual.onSettled(() => {
      this.#isSettled = true;
      this.#waker!.wake();
    });
    return PENDING;
  }
  override drop(): void {
    this.#stop?.();
  }
  override describeWait(): string {
    return "everything to settle";
  }
}

class Advance extends Future<void> {
  readonly #kernel: Kernel;
  readonly #virtual: VirtualTime;
  readonly #duration: number;
  #target: number = NaN;
  #settle: Settle;

  constructor(kernel: Kernel, virtual: VirtualTime, duration: number) {
    super();
    this.#kernel = kernel;
    this.#virtual = virtual;
    this.#duration = duration;
    this.#settle = new Settle(virtual);
  }
  poll(waker: Waker): Poll<void> {
    const { clock } = this.#kernel;
    if (Number.isNaN(this.#target)) this.#target = clock.now() + this.#duration;
    for (;;) {
      if (this.#settle.poll(waker) === PENDING) return PENDING;
      if (clock.now() >= this.#target && this.#virtual.earliest() > this.#target) return undefined;
      this.#virtual.moveTo(Math.min(this.#virtual.earliest(), this.#target));
      this.#settle = new Settle(this.#virtual);
    }
  }
  override drop(): void {
    this.#settle.drop();
  }
  override describeWait(): string {
    return `time to reach ${this.#target} ms`;
  }
}

function finiteMs(caller: string, duration: Duration): number {
  const ms = toMs(caller, duration);
  if (ms !== Infinity) return ms;
  throw new RangeError(`${caller} expects a finite duration: time that has reached Infinity has no next ms`);
}
