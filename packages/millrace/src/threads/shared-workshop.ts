/** A pool whose threads share memory. */
import { made, type Attributes, type Resource, type ResourceKind } from "../runtime/resource.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import { CompletionWatch } from "./completion-watch.ts";
import { Fleet } from "./fleet.ts";
import { FunctionTable } from "./function-table.ts";
import { STAT_COMPLETED, STAT_RUNNING, STAT_STOLEN } from "./layout.ts";
import { othersCome } from "./others.ts";
import { SharedMemory } from "./shared-memory.ts";
import { isCurrent, kindOf, QUEUED, RUNNING, threadOf } from "./slot-state.ts";
import { Submitter } from "./submitter.ts";
import type { ThreadPoolMetrics, Workshop, WorkshopOptions } from "./workshop.ts";

export class SharedWorkshop implements Workshop {
  readonly resourceKind: ResourceKind = "pool";
  readonly resource: Resource = this;
  private readonly memory: SharedMemory;
  private readonly fleet: Fleet;
  readonly submitter: Submitter;
  readonly threads: number;
  readonly room: WaitQueue;
  closed: (() => Error) | undefined;
  private hasEnded: boolean = false;

  constructor(options: WorkshopOptions) {
    othersCome();
    const memory = new SharedMemory(options.threads);
    this.memory = memory;
    this.threads = options.threads;
    this.room = new WaitQueue(options.queue);
    this.fleet = new Fleet(memory, options, {
      reclaim: () => this.submitter.reclaim(),
      wake: () => watch.look(),
      receive: (result) => this.submitter.receive(result),
      giveUp: (error) => this.submitter.failAll(error),
      currentOf: (thread) => this.submitter.currentOf(thread),
    });
    this.submitter = new Submitter(memory, 0, new FunctionTable(memory), this.fleet);
    const watch = new CompletionWatch(memory, this.submitter);
    this.fleet.onBusy = (isBusy) => watch.busy(isBusy);
    made(this, { name: options.name });
  }
  attributes(): Attributes {
    const { submitter, fleet, memory } = this;
    const running = this.sum(STAT_RUNNING);
    return {
      threads: memory.layout.threads,
      running,
      queued: Math.max(0, submitter.inFlight - running),
      alive: fleet.live,
      completed: this.sum(STAT_COMPLETED),
      stolen: this.sum(STAT_STOLEN),
      restarted: fleet.restarted,
    };
  }

  kill(thread: number, incarnation: number, why: string): void {
    this.fleet.kill(thread, incarnation, why);
  }

  private count(kind: number): number {
    // What its threads had called, and nobody will run, is still in its memory.
    if (this.hasEnded) return 0;
    let count = 0;
    const { memory } = this;
    for (let slot = 0; slot < memory.layout.slotCount; slot++) {
      const state = memory.state(slot);
      if (kindOf(state) !== kind) continue;
      // What a dead thread called, and another one ran when it died, is nobody's.
      if (kind === RUNNING && !isCurrent(state, memory.incarnation(threadOf(state)))) continue;
      count++;
    }
    return count;
  }
  get isQuiet(): boolean {
    return this.submitter.inFlight === 0 && this.count(QUEUED) + this.count(RUNNING) === 0;
  }
  private sum(stat: number): number {
    const { words, layout } = this.memory;
    let sum = 0;
    for (let thread = 1; thread <= layout.threads; thread++) sum += words[layout.block(thread) + stat]!;
    return sum;
  }
  metrics(): ThreadPoolMetrics {
    const { memory, fleet, submitter } = this;
    return {
      threads: fleet.live,
      queued: this.count(QUEUED) + submitter.backlog,
      running: this.count(RUNNING),
      completed: this.sum(STAT_COMPLETED),
      stolen: this.sum(STAT_STOLEN),
      restarted: fleet.restarted,
      parked: memory.parking.sleeping,
      transport: "shared memory",
    };
  }
  cancelQueued(why: string): void {
    this.room.close();
    this.submitter.cancelQueued(why);
  }
  async end(why: string, error: () => unknown): Promise<void> {
    await this.fleet.close(why);
    this.hasEnded = true;
    this.submitter.drain();
    this.submitter.failAll(error);
  }
}
