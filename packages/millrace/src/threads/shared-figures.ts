/** The figures of a pool, as its shared memory has them: the same on every thread. */
import { LIVE, RESTARTED, STAT_COMPLETED, STAT_RUNNING, STAT_STOLEN } from "./layout.ts";
import type { ThreadPoolMetrics } from "./pool-metrics.ts";
import type { SharedMemory } from "./shared-memory.ts";
import { isCurrent, kindOf, QUEUED, RUNNING, threadOf } from "./slot-state.ts";

export class SharedFigures {
  readonly #memory: SharedMemory;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  get alive(): number {
    return Atomics.load(this.#memory.words, LIVE);
  }
  get restarted(): number {
    return Atomics.load(this.#memory.words, RESTARTED);
  }
  get running(): number {
    return this.#sum(STAT_RUNNING);
  }
  get completed(): number {
    return this.#sum(STAT_COMPLETED);
  }
  get stolen(): number {
    return this.#sum(STAT_STOLEN);
  }
  /** Nothing is queued or under way. */
  get isQuiet(): boolean {
    return this.#count(QUEUED) + this.#count(RUNNING) === 0;
  }

  /** `waiting`: calls that have no place in the memory yet. */
  metrics(waiting: number): ThreadPoolMetrics {
    return {
      threads: this.alive,
      queued: this.#count(QUEUED) + waiting,
      running: this.#count(RUNNING),
      completed: this.completed,
      stolen: this.stolen,
      restarted: this.restarted,
      parked: this.#memory.parking.sleeping,
      transport: "shared memory",
    };
  }

  #count(kind: number): number {
    let count = 0;
    const memory = this.#memory;
    for (let slot = 0; slot < memory.layout.slotCount; slot++) {
      const state = memory.state(slot);
      if (kindOf(state) !== kind) continue;
      // What a dead thread called, and another one ran when it died, is nobody's.
      if (kind === RUNNING && !isCurrent(state, memory.incarnation(threadOf(state)))) continue;
      count++;
    }
    return count;
  }
  #sum(stat: number): number {
    const { words, layout } = this.#memory;
    let sum = 0;
    for (let thread = 1; thread <= layout.threads; thread++) sum += words[layout.block(thread) + stat]!;
    return sum;
  }
}
