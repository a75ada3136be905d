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
import { CancelledError, DeadlockError } from "../../errors.ts";
import { Random } from "../../internal/random.ts";
import { Await } from "../../runtime/await.ts";
import type { Body } from "../../runtime/body.ts";
import { Branch } from "../../runtime/branch.ts";
import { rootTask } from "../../runtime/call.ts";
import type { Clock, TimerEntry } from "../../runtime/clock.ts";
import { deadlockError, leaves, waitsOf, waitsOutside } from "../../runtime/deadlock.ts";
import { reportAll } from "../../runtime/failure.ts";
import { Future } from "../../runtime/future.ts";
import { host } from "../../runtime/host.ts";
import { Kernel } from "../../runtime/kernel.ts";
import { Runnable, Scheduler } from "../../runtime/scheduler.ts";
import { spawnOn } from "../../runtime/spawn.ts";
import type { Task } from "../../runtime/task.ts";
import type { Actor, Chooser, Footprint, Option } from "./decision.ts";

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
  readonly trace: readonly string[];
}

/** The reason of a cancellation that the explorer injected. */
export const INJECTED = "cancelled by the explorer";
/** Turns of the host in which foreign work may wake a program that waits for nothing else. */
const FOREIGN_TURNS = 20;

class ChosenScheduler extends Scheduler {
  pushed: (runnable: Runnable) => void = () => {};
  constructor(clock: Clock) {
    super(clock, true);
  }
  override push(runnable: Runnable): void {
    this.pushed(runnable);
    super.push(runnable);
  }
}

class ChosenRandom extends Random {
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
class Continuation extends Runnable {
  readonly branch: Branch<unknown> | null;
  readonly #resume: () => void;
  constructor(branch: Branch<unknown> | null, resume: () => void) {
    super();
    this.branch = branch;
    this.#resume = resume;
  }
  run(): void {
    this.#resume();
  }
}

interface Step extends Option {
  perform(): void;
  /** What happened, for the trace. Called once the host's turn is over. */
  outcome(): string;
}

export class Execution {
  readonly #program: Program;
  readonly #chooser: Chooser;
  readonly #kernel: Kernel;
  readonly #root: Task<unknown>;
  readonly #actors: Map<object, Actor> = new Map();
  /** What tasks are called here, by their ids, which are not the same in another run. */
  readonly #names: Map<number, string> = new Map();
  readonly #choices: number[] = [];
  readonly #trace: string[] = [];
  readonly #unobserved: unknown[] = [];
  #footprint: Footprint = { isUser: false, actors: new Set() };
  #injected: Task<unknown> | null = null;
  #hasEnded: boolean = false;

  constructor(program: Program, chooser: Chooser) {
    this.#program = program;
    this.#chooser = chooser;
    let scheduler: ChosenScheduler | undefined;
    this.#kernel = new Kernel({
      isManual: true,
      isPaused: true,
      seed: program.seed,
      onTaskFailure: ({ error }) => this.#unobserved.push(error),
      parts: {
        makeScheduler: (clock) => (scheduler = new ChosenScheduler(clock)),
        random: new ChosenRandom(program.seed, (count) => this.#value(count)),
      },
    });
    // Whoever joins a task does not run it, and an async body that has what it awaited does not go on
    // before others: these are steps of their own.
    this.#kernel.runsInline = false;
    this.#kernel.resumeLater = ({ branch }) =>
      new Promise((resolve) => scheduler!.push(new Continuation(branch, resolve)));
    scheduler!.pushed = (runnable) => this.#footprint.actors.add(this.#actor(runnable));
    this.#root = spawnOn(this.#kernel, program.body as Body<unknown>, { name: "body" }, null, true);
    this.#root.isObserved = true;
  }

  /** Runs the program to its end. */
  async run(): Promise<Ending> {
    const failure = await this.#execute();
    this.#hasEnded = true;
    const isGivenUp = failure === GIVEN_UP;
    const left = isGivenUp || failure !== null ? null : await this.#leftovers();
    await this.#cleanUp();
    const unobserved = failure === null && left === null ? this.#unobservedFailure() : null;
    return {
      isGivenUp,
      failure: isGivenUp ? null : (failure ?? left ?? unobserved),
      choices: this.#choices,
      trace: this.#trace,
    };
  }

  async #execute(): Promise<Failed | null> {
    let foreignTurns = 0;
    for (let steps = 0; !this.#root.isSettled;) {
      const options = this.#options();
      if (options.every(({ isCancellation }) => isCancellation)) {
        if (!waitsForOthers(this.#kernel)) return this.#deadlock();
        if (++foreignTurns > FOREIGN_TURNS) return this.#foreign();
        await turn();
        continue;
      }
      if (++steps > this.#program.maxSteps) {
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
    if (!isFailed || (result instanceof CancelledError && result.reason === INJECTED)) return null;
    return { error: result };
  }

  async #perform(step: Step): Promise<void> {
    this.#footprint = { isUser: false, actors: new Set([step.actor]) };
    step.perform();
    await turn();
    this.#trace.push(step.outcome());
    this.#chooser.stepped(this.#footprint);
  }

  #value(count: number): number {
    if (this.#hasEnded || count === 1) return 0;
    const value = this.#chooser.value(count);
    this.#choices.push(value);
    // Whatever the values lead to, it is not the same step.
    this.#footprint.isUser = true;
    this.#trace.push(`select begins with branch ${value + 1} of ${count}`);
    return value;
  }

  // ── what may come next

  #options(): Step[] {
    const { scheduler, clock } = this.#kernel;
    scheduler.nextTurn();
    const options = Array.from(scheduler.ready(), (runnable) => this.#poll(runnable));
    if (options.length === 0 && this.#kernel.foreign === 0) clock.moveToEarliest();
    for (const entry of clock.due()) options.push(this.#timer(entry));
    if (this.#program.cancel !== undefined && this.#injected === null)
      for (const task of [...this.#kernel.tasks()].reverse())
        if (this.#mayCancel(task)) options.push(this.#cancellation(task));
    return options;
  }

  #poll(runnable: Runnable): Step {
    const task = taskOf(runnable);
    const actor = this.#actor(runnable);
    const name = task === null ? "an await outside of tasks" : this.#name(task);
    const before = new Set(task === null ? [] : leaves(task.waits()));
    const wasStarted = task?.isStarted ?? true;
    const wasDone = task?.isDone ?? false;
    return {
      actor,
      task: task === null ? actor : this.#actor(task),
      label: name,
      isCancellation: false,
      perform: () => this.#kernel.scheduler.runNow(runnable),
      outcome: () => {
        if (task === null || !wasStarted || runnable instanceof Continuation || isChanged(task, before))
          this.#footprint.isUser = true;
        if (task === null) return `${name} goes on`;
        if (wasDone) return `${name} settles`;
        for (const ready of this.#kernel.scheduler.ready())
          if (ready instanceof Continuation && taskOf(ready) === task)
            return `${name} ${wasStarted ? "" : "starts, and "}gets what it awaits`;
        return `${name} ${wasStarted ? "goes on" : "starts"}, ${this.#inNames(stateOf(task))}`;
      },
    };
  }

  #timer(entry: TimerEntry): Step {
    const actor = this.#actor(entry);
    const label = `a timer fires at ${entry.tick} ms`;
    return {
      actor,
      task: actor,
      label,
      isCancellation: false,
      perform: () => this.#kernel.clock.fireNow(entry),
      outcome: () => label,
    };
  }

  #mayCancel(task: Task<unknown>): boolean {
    const { cancel } = this.#program;
    const isMeant = cancel === true ? task !== this.#root : task.name === cancel;
    return isMeant && task.isStarted && !task.isDone && !task.isCancelled;
  }
  #cancellation(task: Task<unknown>): Step {
    const label = `${this.#name(task)} is cancelled while it ${this.#inNames(waitsOf(task))}`;
    return {
      actor: -this.#actor(task),
      task: this.#actor(task),
      label,
      isCancellation: true,
      perform: () => {
        this.#injected = task;
        this.#footprint.actors.add(this.#actor(task));
        task.abort(INJECTED);
      },
      outcome: () => label,
    };
  }

  /** Numbered as they appear, which is the same in runs that have gone the same way. */
  #actor(thing: object): Actor {
    let actor = this.#actors.get(thing);
    if (actor === undefined) this.#actors.set(thing, (actor = this.#actors.size + 1));
    return actor;
  }
  #name(task: Task<unknown>): string {
    this.#nameAll();
    return this.#names.get(task.id) ?? "a task";
  }
  #nameAll(): void {
    for (const task of [...this.#kernel.tasks()].reverse()) {
      if (this.#names.has(task.id)) continue;
      const name = task.name === undefined ? `task ${this.#names.size + 1}` : `task '${task.name}'`;
      this.#names.set(task.id, task === this.#root ? "the body" : name);
    }
  }
  /** A description with the names of this run. */
  #inNames(text: string): string {
    this.#nameAll();
    return text.replace(
      /task #(\d+)(?: '[^']*')?/g,
      (_, id: string) => this.#names.get(Number(id)) ?? "a task",
    );
  }

  // ── how it can end

  #deadlock(): Failed {
    return { error: deadlockError(this.#kernel) };
  }
  #foreign(): Failed {
    const waiting = [...this.#kernel.tasks()].filter((task) => waitsOutside(task as Branch<unknown>));
    const names = waiting.map((task) => `${this.#name(task)} ${this.#inNames(waitsOf(task))}`).join("; ");
    return {
      error: new DeadlockError(
        `the program waits for something that the explorer does not control: ${names || "a foreign promise"}. Explored programs must be made of the runtime's own timers and channels`,
        [names],
      ),
    };
  }

  /** The body has ended. What is ready may end, too; what remains was leaked. */
  async #leftovers(): Promise<Failed | null> {
    const { scheduler } = this.#kernel;
    await this.#drain(() => {
      scheduler.nextTurn();
      return scheduler.ready().next().value;
    });
    const leaked = [...this.#kernel.tasks()].filter((task) => !task.isCancelled && !task.isLeaving).reverse();
    if (leaked.length === 0) return null;
    const names = leaked.map((task) => `${this.#name(task)} ${this.#inNames(waitsOf(task))}`).join("; ");
    const s = leaked.length === 1 ? "task is" : "tasks are";
    return {
      error: new Error(`${leaked.length} ${s} leaked, still there when the body has ended: ${names}`),
    };
  }

  #unobservedFailure(): Failed | null {
    reportAll(this.#kernel);
    if (this.#unobserved.length === 0) return null;
    const [error] = this.#unobserved;
    return { error };
  }

  /** Nothing of this run is left behind. */
  async #cleanUp(): Promise<void> {
    const { scheduler, clock } = this.#kernel;
    this.#kernel.isClosed = true;
    for (const task of this.#kernel.tasks()) task.abort("the explored run is over");
    await this.#drain(() => {
      scheduler.nextTurn();
      const ready = scheduler.ready().next().value;
      if (ready !== undefined || this.#kernel.alive === 0 || !clock.moveToEarliest()) return ready;
      for (const entry of clock.due()) {
        clock.fireNow(entry);
        break;
      }
      return scheduler.ready().next().value ?? NOTHING;
    });
  }

  async #drain(next: () => Runnable | typeof NOTHING | undefined): Promise<void> {
    for (let steps = 0; steps < this.#program.maxSteps; steps++) {
      const runnable = next();
      if (runnable === undefined) return;
      if (runnable !== NOTHING) this.#kernel.scheduler.runNow(runnable);
      await turn();
    }
  }
}

type Failed = { readonly error: unknown };
const GIVEN_UP: Failed = { error: undefined };
const NOTHING: unique symbol = Symbol("nothing to run");

/** The microtasks of the host, in which async bodies go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => host.macrotask(resolve));
}

function taskOf(runnable: Runnable): Task<unknown> | null {
  if (runnable instanceof Await || runnable instanceof Continuation) return rootTask(runnable.branch);
  return runnable instanceof Branch ? rootTask(runnable as Branch<unknown>) : null;
}

/** Whether user code may have run: it waits for something else now, or for a future that users wrote. */
function isChanged(task: Task<unknown>, before: ReadonlySet<Future<unknown>>): boolean {
  if (task.isDone) return true;
  let count = 0;
  for (const leaf of leaves(task.waits())) {
    if (!before.has(leaf) || leaf.describeWait === Future.prototype.describeWait) return true;
    count++;
  }
  return count !== before.size || count === 0;
}

function stateOf(task: Task<unknown>): string {
  if (!task.isDone) return `then ${waitsOf(task)}`;
  if (!task.isFailed) return "and ends";
  const { result } = task;
  if (result instanceof CancelledError) return "and ends as cancelled";
  return `and fails: ${result instanceof Error ? `${result.name}: ${result.message}` : String(result)}`;
}

function waitsForOthers(kernel: Kernel): boolean {
  if (kernel.foreign > 0) return true;
  for (const task of kernel.tasks()) if (waitsOutside(task as Branch<unknown>)) return true;
  for (const call of kernel.detached) if (waitsOutside(call)) return true;
  return false;
}
