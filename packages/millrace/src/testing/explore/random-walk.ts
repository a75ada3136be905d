/**
 * Choosers that do not search: a given schedule, and two that draw at random.
 *
 * Source of `PriorityWalk`: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler with
 * Probabilistic Guarantees of Finding Bugs" (ASPLOS 2010). Tasks have random priorities; at a few random
 * steps the task that would run falls behind all others.
 */
import { Random } from "../../internal/random.ts";
import type { Actor, Chooser, Option } from "./decision.ts";

/** Takes the choices that it is given, then always the first option. */
export class Replayed implements Chooser {
  readonly #choices: readonly number[];
  #next: number = 0;
  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }
  step(options: readonly Option[]): number {
    return this.value(options.length);
  }
  stepped(): void {}
  value(count: number): number {
    // A decision with one option is not in the schedule.
    const choice = count === 1 ? 0 : (this.#choices[this.#next++] ?? 0);
    return choice < count ? choice : 0;
  }
}

/** Cancels once, at a step drawn from as many as a run is thought to have. */
abstract class RandomWalk implements Chooser {
  protected readonly random: Random;
  readonly #cancelAt: number;
  protected steps: number = 0;

  constructor(seed: number, length: number) {
    this.random = new Random(seed);
    this.#cancelAt = this.random.below(Math.max(length, 1));
  }
  step(options: readonly Option[]): number {
    const at = this.steps++;
    const cancellations = options.findIndex(({ isCancellation }) => isCancellation);
    if (cancellations < 0) return this.pick(options, options.length);
    if (at >= this.#cancelAt) return cancellations + this.random.below(options.length - cancellations);
    return this.pick(options, cancellations);
  }
  /** One of the first `count` options. */
  protected abstract pick(options: readonly Option[], count: number): number;
  stepped(): void {}
  value(count: number): number {
    return this.random.below(count);
  }
}

export class UniformWalk extends RandomWalk {
  protected pick(_options: readonly Option[], count: number): number {
    return this.random.below(count);
  }
}

/** Places at which the order of priorities changes: finds bugs that need one more ordering than that. */
const CHANGES = 3;

export class PriorityWalk extends RandomWalk {
  readonly #priorities: Map<Actor, number> = new Map();
  readonly #changes: Set<number> = new Set();
  /** Below every priority that was drawn. */
  #lowest: number = 0;

  constructor(seed: number, length: number) {
    super(seed, length);
    for (let i = 0; i < CHANGES; i++) this.#changes.add(this.random.below(Math.max(length, 1)));
  }
  protected pick(options: readonly Option[], count: number): number {
    let best = this.#best(options, count);
    if (this.#changes.has(this.steps)) {
      this.#priorities.set(options[best]!.task, --this.#lowest);
      best = this.#best(options, count);
    }
    return best;
  }
  #best(options: readonly Option[], count: number): number {
    let best = 0;
    for (let i = 1; i < count; i++)
      if (this.#priority(options[i]!) > this.#priority(options[best]!)) best = i;
    return best;
  }
  #priority({ task }: Option): number {
    let priority = this.#priorities.get(task);
    if (priority === undefined) this.#priorities.set(task, (priority = 1 + this.random.float()));
    return priority;
  }
}
