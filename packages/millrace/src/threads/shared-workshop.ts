/** A pool whose threads share memory. */
import { made, type Attributes, type Resource, type ResourceKind } from "../runtime/resource.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import { CompletionWatch } from "./completion-watch.ts";
import { Fleet } from "./fleet.ts";
import { FunctionTable } from "./function-table.ts";
import { othersCome } from "./others.ts";
import type { ThreadPoolMetrics } from "./pool-metrics.ts";
import { SharedFigures } from "./shared-figures.ts";
import { SharedMemory } from "./shared-memory.ts";
import { Submitter } from "./submitter.ts";
import type { Workshop, WorkshopOptions } from "./workshop.ts";

export class SharedWorkshop implements Workshop {
  readonly resourceKind: ResourceKind = "pool";
  readonly resource: Resource = this;
  private readonly figures: SharedFigures;
  private readonly fleet: Fleet;
  readonly submitter: Submitter;
  readonly threads: number;
  readonly room: WaitQueue;
  closed: (() => Error) | undefined;
  private hasEnded: boolean = false;

  constructor(options: WorkshopOptions) {
    othersCome();
    const memory = new SharedMemory(options.threads);
    this.figures = new SharedFigures(memory);
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
    const { alive, running, completed, stolen, restarted } = this.figures;
    return {
      threads: this.threads,
      running,
      queued: Math.max(0, this.submitter.inFlight - running),
      alive,
      completed,
      stolen,
      restarted,
    };
  }

  kill(thread: number, incarnation: number, why: string): void {
    this.fleet.kill(thread, incarnation, why);
  }

  get isQuiet(): boolean {
    // What its threads had called, and nobody will run, is still in the memory of one that has ended.
    return this.submitter.inFlight === 0 && (this.hasEnded || this.figures.isQuiet);
  }
  metrics(): ThreadPoolMetrics {
    const figures = this.figures.metrics(this.submitter.backlog);
    return this.hasEnded ? { ...figures, queued: 0, running: 0 } : figures;
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
