/**
 * One run of a program in which every order is chosen: which of the ready steps comes next, which of the
 * timers that are due, where a `select` begins, and, if asked, at which suspension point a task is
 * cancelled.
 *
 *   decide ──► step (a poll, a timer, a cancellation) ──► the host's microtasks ──► decide …
 *
 * It is a runtime of its own with virtual time and a scheduler that runs nothing by itself, so the program
 * does not know. After each step the host gets a turn, in which async bodies go on as far as they can:
 * when they do so follows from which of their awaits were polled.
 */
import { OBSERVED, LEAVING } from "../../runtime/task-state.ts";
import { liveTasks } from "../../runtime/live-tasks.ts";
import { CancelledError, DeadlockError } from "../../errors.ts";
import type { Body } from "../../runtime/body.ts";
import type { Branch } from "../../runtime/branch.ts";
import { deadlockError, waitsOutside } from "../../runtime/deadlock.ts";
import { reportAll } from "../../runtime/failure.ts";
import { host } from "../../runtime/host.ts";
import { Kernel } from "../../runtime/kernel.ts";
import { PausedClock } from "../../runtime/paused-clock.ts";
import { isIdle, readyIn, type Runnable } from "../../runtime/scheduler.ts";
import { spawnOn } from "../../runtime/spawn.ts";
import type { Task } from "../../runtime/task.ts";
import { noFootprint, type Actor, type Chooser, type Footprint } from "./decision.ts";
import { Narrator } from "./narrator.ts";
import { ChosenRandom, ChosenScheduler, Continuation, taskOf, watchSettling } from "./parts.ts";
import { CancelStep, INJECTED, PollStep, TimerStep, type Stage, type Step } from "./steps.ts";

export interface Program {
  readonly body: Body<void>;
  readonly seed: number;
  /** Whom to cancel. */
  readonly cancel: string | true | undefined;
  readonly maxSteps: number;
}

/** How a run ended. */
export interface Ending {
  /** Nothing new could come of it. */
  readonly isGivenUp: boolean;
  readonly failure: { readonly error: unknown } | null;
  readonly choices: readonly number[];
  /** How many it took. */
  readonly steps: number;
  /** The steps in words, if the run was told. */
  readonly trace: readonly string[];
  /** The names of the tasks that could have been cancelled. */
  readonly names: ReadonlySet<string>;
}

/** Turns of the host in which foreign work may wake a program that waits for nothing else. */
const FOREIGN_TURNS = 4;

type Failed = { readonly error: unknown };
const GIVEN_UP: Failed = { error: undefined };

export class Execution implements Stage {
  readonly kernel: Kernel;
  readonly narrator: Narrator;
  readonly isTold: boolean;
  readonly #program: Program;
  readonly #chooser: Chooser;
  readonly clock: PausedClock;
  readonly scheduler: ChosenScheduler;
  readonly #root: Task<unknown>;
  readonly #actors: Map<object, Actor> = new Map();
  readonly #choices: number[] = [];
  readonly #trace: string[] = [];
  #steps: number = 0;
  readonly #unobserved: unknown[] = [];
  readonly #names: Set<string> = new Set();
  /** Of the step that is being taken. */
  #footprint: Footprint = noFootprint();
  readonly #pushed: Set<Runnable> = new Set();
  #note: string = "";
  /** Stands for the end of a task: what it touches that settles, and whoever asks whether it has. */
  readonly #settlings: WeakMap<Task<unknown>, object> = new WeakMap();
  #isStepping: boolean = false;
  /** Actors there were when the step began. */
  #known: number = 0;
  #hasInjected: boolean = false;
  #hasEnded: boolean = false;

  /** `isTold`: with a trace of it, which costs as much again. */
  constructor(program: Program, chooser: Chooser, isTold: boolean = false) {
    this.isTold = isTold;
    this.#program = program;
    this.#chooser = chooser;
    this.clock = new PausedClock();
    this.scheduler = new ChosenScheduler(this.clock);
    this.kernel = new Kernel({
      clock: this.clock,
      scheduler: this.scheduler,
      seed: program.seed,
      onTaskFailure: ({ error }) => {
        if (!isInjected(error)) this.#unobserved.push(error);
      },
      random: new ChosenRandom(program.seed, (count) => this.#value(count)),
    });
    // Whoever joins a task does not run it, and an async body that has what it awaited does not go on
    // before others: these are steps of their own.
    this.kernel.runsInline = false;
    this.kernel.resumeLater = (pending) =>
      new Promise((resolve) => this.scheduler.push(new Continuation(pending, resolve)));
    this.scheduler.pushed = (runnable) => this.#sawPush(runnable);
    watchSettling(this.kernel, (task) => this.#sawSettling(task));
    this.narrator = new Narrator(this.kernel, () => this.#root);
    this.#root = spawnOn(this.kernel, program.body as Body<unknown>, { name: "body" }, true);
    this.#root.flags |= OBSERVED;
  }

  /** Runs the program to its end. */
  async run(): Promise<Ending> {
    let failure = await this.#execute();
    this.#hasEnded = true;
    const isGivenUp = failure === GIVEN_UP;
    if (failure === null && !this.#wasStopped) failure = await this.#leftovers();
    await this.#cleanUp();
    failure ??= this.#unobservedFailure();
    return {
      isGivenUp,
      failure: isGivenUp ? null : failure,
      choices: this.#choices,
      steps: this.#steps,
      trace: this.#trace,
      names: this.#names,
    };
  }

  async #execute(): Promise<Failed | null> {
    let foreignTurns = 0;
    while (!this.#root.isSettled) {
      const options = this.#options(foreignTurns > FOREIGN_TURNS);
      if (options.every(({ isCancellation }) => isCancellation)) {
        if (!waitsForOthers(this.kernel)) return this.#deadlock();
        // One more after the last may let time move, which foreign work has held back.
        if (++foreignTurns > FOREIGN_TURNS + 1) return this.#foreign();
        await turn();
        continue;
      }
      foreignTurns = 0;
      if (this.#steps >= this.#program.maxSteps) {
        const message = `the program goes on after ${this.#program.maxSteps} steps; it may never end`;
        return { error: new Error(message) };
      }
      const index = this.#chooser.step(options);
      if (index === undefined) return GIVEN_UP;
      if (options.length > 1) this.#choices.push(index);
      await this.#perform(options[index]!);
      if (this.#unobserved.length > 0) return this.#unobservedFailure();
    }
    const { isFailed, result } = this.#root;
    return isFailed && !isInjected(result) ? { error: result } : null;
  }

  /** The body has ended because of the cancellation that was injected: that is all right. */
  get #wasStopped(): boolean {
    return this.#root.isFailed && isInjected(this.#root.result);
  }

  async #perform(step: Step): Promise<void> {
    const footprint = (this.#footprint = noFootprint());
    footprint.actors.add(step.actor);
    this.#known = this.#actors.size;
    this.#pushed.clear();
    this.#note = "";
    this.#isStepping = true;
    step.perform();
    await turn();
    // What has yielded in this step is ready now, and part of what the step did.
    this.scheduler.nextTurn();
    this.#isStepping = false;
    step.touched(footprint);
    this.#steps++;
    this.narrator.meet();
    if (this.isTold) this.#trace.push(step.describe(this.#pushed, this.#note));
    footprint.isLast = this.#isOver;
    this.#chooser.stepped(footprint);
  }

  /** The body has ended, somebody has failed, or nothing can happen any more but a cancellation. */
  get #isOver(): boolean {
    if (this.#root.isSettled || this.#unobserved.length > 0) return true;
    return isIdle(this.scheduler) && this.clock.wheel.size === 0;
  }

  #sawPush(runnable: Runnable): void {
    const task = taskOf(runnable);
    this.#touch(runnable);
    if (task !== null) this.#touch(task);
    if (runnable === task && !this.#settlings.has(task)) {
      const settling = {};
      this.#settlings.set(task, settling);
      this.actor(settling);
    }
    if (!runnable.isQueued) this.#footprint.pushes++;
    this.#pushed.add(runnable);
  }

  /** What the step has made itself is nobody else's business yet, and has another number in another order. */
  #touch(thing: object): void {
    const actor = this.actor(thing);
    if (actor <= this.#known) this.#footprint.actors.add(actor);
  }

  /** Whoever asks whether a task has settled depends on when it does. */
  #sawSettling(task: Task<unknown>): void {
    if (!this.#isStepping) return;
    let settling = this.#settlings.get(task);
    if (settling === undefined) this.#settlings.set(task, (settling = {}));
    this.#touch(settling);
  }

  #value(count: number): number {
    if (this.#hasEnded || count === 1) return 0;
    const value = this.#chooser.value(count);
    this.#choices.push(value);
    // Whatever the values lead to, it is not the same step.
    this.#footprint.isUser = true;
    this.#note += ` (its select looks at branch ${value + 1} of ${count} first)`;
    return value;
  }

  actor(thing: object): Actor {
    let actor = this.#actors.get(thing);
    if (actor === undefined) this.#actors.set(thing, (actor = this.#actors.size + 1));
    return actor;
  }

  // ── what may come next

  #options(isTimeFree: boolean): Step[] {
    const { clock } = this;
    const { foreign } = this.kernel;
    const { scheduler } = this;
    scheduler.nextTurn();
    const options: Step[] = Array.from(readyIn(scheduler), (runnable) => new PollStep(this, runnable));
    if (options.length === 0 && (foreign === 0 || isTimeFree)) clock.moveToEarliest();
    for (const entry of clock.due()) options.push(new TimerStep(this, entry));
    if (this.#program.cancel !== undefined && !this.#hasInjected)
      for (const task of liveTasks(this.kernel).reverse())
        if (this.#mayCancel(task)) options.push(new CancelStep(this, task, () => (this.#hasInjected = true)));
    return options;
  }

  #mayCancel(task: Task<unknown>): boolean {
    const { cancel } = this.#program;
    if (task.name !== undefined) this.#names.add(task.name);
    const isMeant = cancel === true ? task !== this.#root : task.name === cancel;
    return isMeant && task.isStarted && !task.isDone && !task.isCancelled;
  }

  // ── how it can end

  #deadlock(): Failed {
    const { message, waits } = deadlockError(this.kernel);
    const inNames = (text: string): string => this.narrator.inNames(text);
    return { error: new DeadlockError(inNames(message), waits.map(inNames)) };
  }
  #foreign(): Failed {
    const waiting = liveTasks(this.kernel).filter((task) => waitsOutside(task as Branch<unknown>));
    const names = this.narrator.all(waiting.reverse());
    return {
      error: new DeadlockError(
        `the program waits for something that the explorer does not control: ${names || "a foreign promise"}. Explored programs must be made of the runtime's own timers and channels`,
        [names],
      ),
    };
  }

  /** The body has ended. What is ready may end, too; what remains was leaked. */
  async #leftovers(): Promise<Failed | null> {
    await this.#drain(() => this.#firstReady());
    const leaked = liveTasks(this.kernel)
      .filter((task) => !task.isCancelled && (task.flags & LEAVING) === 0)
      .reverse();
    if (leaked.length === 0) return null;
    const tasks = leaked.length === 1 ? "task is" : "tasks are";
    return {
      error: new Error(
        `${leaked.length} ${tasks} leaked, still there when the body has ended: ${this.narrator.all(leaked)}`,
      ),
    };
  }

  #unobservedFailure(): Failed | null {
    reportAll(this.kernel);
    if (this.#unobserved.length === 0) return null;
    const [error] = this.#unobserved;
    return { error };
  }

  /** Nothing of this run is left behind. */
  async #cleanUp(): Promise<void> {
    const { kernel, clock } = this;
    kernel.isClosed = true;
    for (const task of liveTasks(kernel)) task.abort("the explored run is over");
    await this.#drain(() => {
      const ready = this.#firstReady();
      if (ready !== undefined || kernel.alive === 0 || !clock.moveToEarliest()) return ready;
      for (const entry of clock.due()) {
        clock.fireNow(entry);
        break;
      }
      return this.#firstReady() ?? null;
    });
  }
  #firstReady(): Runnable | undefined {
    this.scheduler.nextTurn();
    return readyIn(this.scheduler).next().value;
  }

  /** Runs what it is given, as long as there is something; `null` for another turn. */
  async #drain(next: () => Runnable | null | undefined): Promise<void> {
    for (let steps = 0; steps < this.#program.maxSteps; steps++) {
      const runnable = next();
      if (runnable === undefined) return;
      if (runnable !== null) this.scheduler.runNow(runnable);
      await turn();
    }
  }
}

/** The microtasks of the host, in which async bodies go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => host.macrotask(resolve));
}

/** Nothing but the cancellation that the explorer has asked for. */
function isInjected(error: unknown): boolean {
  if (error instanceof CancelledError) return error.reason === INJECTED;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isInjected);
  return error instanceof Error && error.cause !== undefined && isInjected(error.cause);
}

function waitsForOthers(kernel: Kernel): boolean {
  if (kernel.foreign > 0) return true;
  for (const task of liveTasks(kernel)) if (waitsOutside(task as Branch<unknown>)) return true;
  for (const call of kernel.detached) if (waitsOutside(call)) return true;
  return false;
}
