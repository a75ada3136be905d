/**
 * The steps that a run can take next: something that is ready is polled, a timer that is due fires, a
 * task is cancelled. Each can be performed, and then says what it was.
 */
import { Await } from "../../runtime/await.ts";
import type { TimerEntry } from "../../runtime/clock.ts";
import type { ManualScheduler } from "../../runtime/manual-scheduler.ts";
import type { PausedClock } from "../../runtime/paused-clock.ts";
import { readyIn, type Runnable } from "../../runtime/scheduler.ts";
import type { Task } from "../../runtime/task.ts";
import type { Actor, Footprint, Option } from "./decision.ts";
import type { Narrator } from "./narrator.ts";
import { Continuation, taskOf } from "./parts.ts";
import {
  awaitsShared,
  isPlainTimer,
  settlesQuietly,
  ranUserCode,
  waitsBefore,
  type Waits,
} from "./user-code.ts";

/** The reason of a cancellation that the explorer injected. */
export const INJECTED = "cancelled by the explorer";

/** Of one run. */
export interface Stage {
  readonly clock: PausedClock;
  readonly scheduler: ManualScheduler;
  readonly narrator: Narrator;
  /** Numbered as they appear, which is the same in runs that have gone the same way. */
  actor(thing: object): Actor;
  /** Whether its steps are put into words. */
  readonly isTold: boolean;
}

export abstract class Step implements Option {
  readonly isCancellation: boolean = false;
  readonly isTimer: boolean = false;
  abstract readonly actor: Actor;
  abstract readonly task: Actor;
  abstract perform(): void;
  /** Once the host's turn is over: what it has touched. */
  abstract touched(footprint: Footprint): void;
  /** What happened. Only if the run is told. */
  abstract describe(pushed: ReadonlySet<Runnable>, note: string): string;
}

export class PollStep extends Step {
  readonly actor: Actor;
  readonly task: Actor;
  readonly #stage: Stage;
  readonly #runnable: Runnable;
  readonly #task: Task<unknown> | null;
  #before: Waits | null = null;
  #isPrivate: boolean = false;
  #wasStarted: boolean = true;
  #wasDone: boolean = false;
  #awaited: string = "";

  constructor(stage: Stage, runnable: Runnable) {
    super();
    this.#stage = stage;
    this.#runnable = runnable;
    this.#task = taskOf(runnable);
    this.actor = stage.actor(runnable);
    this.task = this.#task === null ? this.actor : stage.actor(this.#task);
  }

  perform(): void {
    const task = this.#task;
    const runnable = this.#runnable;
    if (task !== null) {
      this.#wasStarted = task.isStarted;
      this.#wasDone = task.isDone;
      if (this.#wasDone) this.#isPrivate = settlesQuietly(task);
      if (runnable instanceof Await) {
        if (this.#stage.isTold) this.#awaited = this.#stage.narrator.words([runnable.future]);
        this.#isPrivate = !awaitsShared(runnable);
      } else if (this.#wasStarted && runnable === task && !this.#wasDone) this.#before = waitsBefore(task);
    }
    this.#stage.scheduler.runNow(runnable);
  }

  touched(footprint: Footprint): void {
    const task = this.#task;
    footprint.actors.add(this.task);
    footprint.isUser ||= !this.#isPrivate && (this.#before === null || ranUserCode(task!, this.#before));
  }
  describe(pushed: ReadonlySet<Runnable>, note: string): string {
    const task = this.#task;
    const { narrator } = this.#stage;
    const deeds = narrator.deeds(task, pushed);
    if (task === null) return `an await outside of any task goes on${note}${deeds}`;
    const name = narrator.name(task);
    const runnable = this.#runnable;
    if (this.#wasDone) return `${name} is over${note}${deeds.replace(/^,/, " and")}`;
    if (runnable instanceof Await) {
      const awaited = this.#awaited;
      if (!runnable.isPending) return `${name} gets what it awaits: ${awaited}${note}${deeds}`;
      if (task.isCancelled) return `${name}, being cancelled, does not look at ${awaited} any more`;
      return `${name} looks again, and still waits for ${awaited}${note}${deeds}`;
    }
    if (runnable !== task && !(runnable instanceof Continuation))
      return `something that ${name} has begun goes on by itself${note}${deeds}`;
    const verb = this.#wasStarted ? "goes on" : "starts";
    return `${name} ${verb}${note}${deeds}, ${narrator.state(task)}`;
  }
}

export class TimerStep extends Step {
  override readonly isTimer: boolean = true;
  readonly actor: Actor;
  readonly #stage: Stage;
  readonly #entry: TimerEntry;

  constructor(stage: Stage, entry: TimerEntry) {
    super();
    this.#stage = stage;
    this.#entry = entry;
    this.actor = stage.actor(entry);
  }
  get task(): Actor {
    return this.actor;
  }
  perform(): void {
    this.#stage.clock.fireNow(this.#entry);
  }
  touched(footprint: Footprint): void {
    footprint.isUser ||= !isPlainTimer(this.#entry);
  }
  describe(pushed: ReadonlySet<Runnable>): string {
    const deeds = this.#stage.narrator.deeds(null, pushed);
    return `${this.#stage.clock.now()} ms: a timer fires${deeds.replace(/^,/, " and")}`;
  }
}

export class CancelStep extends Step {
  override readonly isCancellation: boolean = true;
  readonly actor: Actor;
  readonly task: Actor;
  readonly #stage: Stage;
  readonly #task: Task<unknown>;
  readonly #done: () => void;
  #state: string = "";

  constructor(stage: Stage, task: Task<unknown>, done: () => void) {
    super();
    this.#stage = stage;
    this.#task = task;
    this.#done = done;
    this.task = stage.actor(task);
    this.actor = -this.task;
  }
  perform(): void {
    const { narrator, isTold } = this.#stage;
    if (isTold) this.#state = this.#isAboutToGoOn ? "is about to go on" : narrator.waiting(this.#task);
    this.#done();
    this.#task.abort(INJECTED);
  }
  touched(footprint: Footprint): void {
    footprint.actors.add(this.task);
    // Whoever listens to its signal runs in this step.
    footprint.isUser ||= (this.#task["extras"]?.controller ?? null) !== null;
  }
  describe(): string {
    const { narrator } = this.#stage;
    return `${narrator.name(this.#task)} is cancelled while it ${this.#state}`;
  }
  get #isAboutToGoOn(): boolean {
    for (const ready of readyIn(this.#stage.scheduler)) if (taskOf(ready) === this.#task) return true;
    return false;
  }
}
