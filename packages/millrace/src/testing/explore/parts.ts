/**
 * What a runtime under exploration has instead of its own scheduler, randomness and promises: the same,
 * but nothing happens by itself, and somebody chooses.
 */
import { Random } from "../../internal/random.ts";
import { Await } from "../../runtime/await.ts";
import { Branch } from "../../runtime/branch.ts";
import { rootTask } from "../../runtime/call.ts";
import type { Future } from "../../runtime/future.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import { ManualScheduler } from "../../runtime/manual-scheduler.ts";
import { Runnable } from "../../runtime/scheduler.ts";
import { Task } from "../../runtime/task.ts";
import { InFlight } from "../../stream/in-flight.ts";

export class ChosenScheduler extends ManualScheduler {
  /** Told of whatever becomes ready, and of what is ready already and woken again. */
  pushed: (runnable: Runnable) => void = () => {};
  override push(runnable: Runnable): void {
    this.pushed(runnable);
    super.push(runnable);
  }
}

export class ChosenRandom extends Random {
  readonly #choose: (count: number) => number;
  constructor(seed: number, choose: (count: number) => number) {
    super(seed);
    this.#choose = choose;
  }
  override below(count: number): number {
    return this.#choose(count);
  }
}

/** An async body that has the value which it awaited, and goes on with it. */
export class Continuation extends Runnable {
  readonly branch: Branch<unknown> | null;
  /** What it awaited. */
  readonly future: Future<unknown>;
  readonly #resume: () => void;
  constructor({ branch, future }: Await<unknown>, resume: () => void) {
    super();
    this.branch = branch;
    this.future = future;
    this.#resume = resume;
  }
  run(): void {
    this.#resume();
  }
}

/** The task as whose part it runs. */
export function taskOf(runnable: Runnable): Task<unknown> | null {
  if (runnable instanceof Await || runnable instanceof Continuation) return rootTask(runnable.branch);
  if (runnable instanceof InFlight) return rootTask(runnable["flight"].branch);
  return runnable instanceof Branch ? rootTask(runnable as Branch<unknown>) : null;
}

const watchers: WeakMap<Kernel, (task: Task<unknown>) => void> = new WeakMap();
let isWatching = false;
const UNWATCHED: unique symbol = Symbol("isSettled");

/**
 * Tells `seen` whenever anybody asks whether a task of `kernel` has settled. The getter is replaced for good
 * when the first exploration begins, so that no task elsewhere pays for it.
 */
export function watchSettling(kernel: Kernel, seen: (task: Task<unknown>) => void): void {
  watchers.set(kernel, seen);
  if (isWatching) return;
  isWatching = true;
  const own = Object.getOwnPropertyDescriptor(Task.prototype, "isSettled")!;
  Object.defineProperty(Task.prototype, UNWATCHED, own);
  Object.defineProperty(Task.prototype, "isSettled", {
    ...own,
    get(this: Task<unknown>): boolean {
      watchers.get(this.kernel)?.(this);
      return Reflect.get(Task.prototype, UNWATCHED, this) as boolean;
    },
  });
}
