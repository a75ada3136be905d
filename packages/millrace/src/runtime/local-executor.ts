/** A minimal executor that the host drives itself: inside another event loop, a game loop, a test. */
import { threadBound } from "../internal/thread-bound.ts";
import { checkSeed, optionsOf, requireValue } from "./argument.ts";
import type { Awaitable, Body } from "./body.ts";
import { isThenable } from "./body.ts";
import { Clock } from "./clock.ts";
import { Future, futureMethods } from "./future.ts";
import { host } from "./host.ts";
import { JoinHandle } from "./join-handle.ts";
import { Kernel } from "./kernel.ts";
import { ManualScheduler } from "./manual-scheduler.ts";
import { isIdle } from "./scheduler.ts";
import { spawnOn, type SpawnOptions } from "./spawn.ts";
import type { TaskContext } from "./task.ts";

/**
 * Runs tasks only when told to. Timers and foreign promises make tasks ready as usual; nothing runs
 * until `tick()`, or while `run()` is pending.
 *
 * @example
 * ```ts
 * import { LocalExecutor } from "millrace";
 *
 * const executor = new LocalExecutor();
 * executor.spawn(function* () { console.log("one frame's work"); }).detach();
 * while (executor.tick());
 * ```
 */
export class LocalExecutor {
  readonly #kernel: Kernel;
  readonly #scheduler: ManualScheduler;
  #runs: number = 0;

  /**
   * `seed` makes the random choices the same in every run.
   *
   * @throws RangeError when it is no finite number.
   */
  constructor(options: { seed?: number } = {}) {
    checkSeed("LocalExecutor", optionsOf("LocalExecutor", options).seed);
    const clock = new Clock();
    this.#scheduler = new ManualScheduler(clock);
    this.#kernel = new Kernel({ clock, scheduler: this.#scheduler, seed: options.seed });
    // Ticking one at a time is the point: a joiner does not run what it joins.
    this.#kernel.runsInline = false;
    this.#scheduler.onReady = () => this.#drive();
  }

  /**
   * Starts a task that runs when the executor is driven.
   *
   * @throws TypeError when `body` is neither a function nor a future.
   */
  spawn<T>(body: Body<T, [TaskContext]> | Future<T>, options?: SpawnOptions): JoinHandle<T> {
    return new JoinHandle(spawnOn(this.#kernel, body, options, true));
  }

  /** Runs one ready task; false when none is ready. */
  tick(): boolean {
    return this.#scheduler.tick();
  }

  /** Drives everything until `future` has its result. */
  async run<T>(future: Awaitable<T>): Promise<T> {
    if (!isThenable(future)) requireValue("LocalExecutor.run", future);
    const body =
      future instanceof Future
        ? future
        : isThenable(future)
          ? futureMethods.fromPromise(future)
          : () => future;
    const task = spawnOn(this.#kernel, body as Future<T>, undefined, true);
    this.#runs++;
    this.#drive();
    try {
      return await new JoinHandle(task);
    } finally {
      this.#runs--;
    }
  }

  /** True when nothing is ready to run. */
  get isIdle(): boolean {
    return isIdle(this.#scheduler);
  }

  #isDriving: boolean = false;
  #drive(): void {
    if (this.#runs === 0 || this.#isDriving) return;
    this.#isDriving = true;
    const step = (): void => {
      // A bounded batch, then the host's turn, as a runtime of its own would.
      for (let i = 0; i < 1024 && this.#runs > 0; i++) if (!this.tick()) break;
      if (this.#runs > 0 && !this.isIdle) return host.macrotask(step);
      this.#isDriving = false;
    };
    host.macrotask(step);
  }
}

threadBound(LocalExecutor, "a LocalExecutor");
