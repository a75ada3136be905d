/** `explore` and `replay`: a program under every order of its steps that can make a difference. */
import type { Body } from "../../runtime/body.ts";
import { checkCount, checkSeed, optionsOf, requireBody } from "../../runtime/argument.ts";
import { toMs, type Duration } from "../../runtime/duration.ts";
import { host } from "../../runtime/host.ts";
import { Execution, type Ending, type Program } from "./execution.ts";
import type { Chooser } from "./decision.ts";
import { Divergence, ExhaustiveSearch } from "./exhaustive.ts";
import { PriorityWalk, Replayed, UniformWalk } from "./random-walk.ts";
import { decode, encode } from "./schedule.ts";
import { shrink } from "./shrink.ts";

/** What is tried, and how much of it. */
export interface ExploreOptions {
  /**
   * "exhaustive" (the default) tries every order but those that only swap steps which do not touch each
   * other, and goes on at "random" when a quarter of `maxSchedules` is left and there is no end in sight.
   * "pct" draws priorities instead of steps.
   */
  strategy?: "exhaustive" | "random" | "pct";
  /** Runs at most. Default 10 000. */
  maxSchedules?: number;
  /** Bound on forced preemptions for "exhaustive". Default 3. */
  preemptions?: number;
  /** Cancels the task named so (or any task but the body) at each of its suspension points, one per run. */
  cancel?: string | true;
  /** Default 0. */
  seed?: number;
  /** Real time, in ms, after which no further schedule is begun. Default: none. */
  timeLimit?: Duration;
  /** Every schedule is run twice and must behave the same: finds hidden nondeterminism in the body. */
  checkDeterminism?: boolean;
}

/** What was tried; nothing failed. */
export interface ExploreReport {
  /** Runs that were made. */
  readonly schedules: number;
  /** Nothing is left to try within the bound on preemptions. */
  readonly complete: boolean;
  /** The one that was used last. */
  readonly strategy: string;
  /** Steps of the longest run. */
  readonly maxDepth: number;
}

/** A run has failed. `schedule` replays it; `cause` is what went wrong. */
export class ExploreError extends Error {
  /** @internal */
  readonly code: "ERR_EXPLORE" = "ERR_EXPLORE";
  /** What `replay` takes. */
  readonly schedule: string;
  /** The shortest failing schedule found, as readable steps. */
  readonly trace: readonly string[];
  /** @internal */
  constructor(message: string, schedule: string, trace: readonly string[], cause: unknown) {
    super(message, { cause });
    this.schedule = schedule;
    this.trace = trace;
  }
  static {
    Object.defineProperty(this.prototype, "name", { value: "ExploreError", configurable: true });
  }
}

/** Steps after which a run is taken to go on for ever. */
const MAX_STEPS = 10_000;
const DEFAULT_SCHEDULES = 10_000;
/** Of a trace, in a message. */
const MOST_STEPS = 100;
/** The share of the runs that is kept for drawing at random, when the search does not come to an end. */
const RANDOM_SHARE = 0.25;

interface Limits {
  readonly schedules: number;
  /** On the host's clock. */
  readonly deadline: number;
  readonly isCheckedTwice: boolean;
}

/**
 * Runs `body` once for every relevant interleaving of its tasks, each time on a runtime of its own with
 * virtual time. What it varies: which ready task runs next, where a `select` begins, the order of timers
 * that are due at once and, if asked, a cancellation at each suspension point. User code between two
 * suspension points is never interrupted, and any two steps that run some are taken to depend on each
 * other, for they may share variables.
 *
 * A failing assertion, a task failure that nobody observes, a deadlock, a task that is still there when
 * the body has ended, or a run of more than 10 000 steps fails with `ExploreError`: the shortest failing
 * schedule that was found, step by step, and the string with which `replay` runs it again.
 *
 * The body must do the same when the same is chosen: no real timers, I/O or `Math.random`. A promise
 * that is not the runtime's and does not settle by itself is named.
 *
 * Sources of the strategies: see `exhaustive.ts` and `random-walk.ts` beside this file.
 *
 * @throws ExploreError as above; TypeError and RangeError for bad options.
 *
 * @example
 * ```ts
 * import { join, spawn, yieldNow } from "millrace";
 * import { explore, ExploreError } from "millrace/testing";
 *
 * try {
 *   await explore(async () => {
 *     let counter = 0;
 *     const add = async () => { const seen = counter; await yieldNow(); counter = seen + 1; };
 *     await join(spawn(add), spawn(add));
 *     if (counter !== 2) throw new Error(`lost an addition: ${counter}`);
 *   });
 * } catch (error) {
 *   console.log(error instanceof ExploreError && error.trace.join("\n"));
 * }
 * ```
 */
export async function explore(body: Body<void>, options: ExploreOptions = {}): Promise<ExploreReport> {
  requireBody("explore", body);
  const { strategy = "exhaustive", cancel, seed = 0, preemptions = 3 } = optionsOf("explore", options);
  if (strategy !== "exhaustive" && strategy !== "random" && strategy !== "pct")
    throw new TypeError(
      `explore expects strategy to be "exhaustive", "random" or "pct", got ${String(strategy)}`,
    );
  if (cancel !== undefined && cancel !== true && typeof cancel !== "string")
    throw new TypeError(`explore expects cancel to be true or the name of a task, got ${String(cancel)}`);
  checkSeed("explore", seed);
  if (preemptions !== Infinity) checkCount("explore", "preemptions", preemptions, 0);
  const limits: Limits = {
    schedules: checkCount("explore", "maxSchedules", options.maxSchedules ?? DEFAULT_SCHEDULES, 1),
    deadline: host.now() + (options.timeLimit === undefined ? Infinity : toMs("explore", options.timeLimit)),
    isCheckedTwice: options.checkDeterminism === true,
  };
  const program: Program = { body, seed, cancel, maxSteps: MAX_STEPS };
  const search = new Search(program, limits);
  if (strategy !== "exhaustive") return search.walk(strategy, limits.schedules);
  if (await search.exhaust(preemptions)) return search.report(true, "exhaustive");
  return search.walk("random", limits.schedules);
}

/**
 * Runs `body` once with the schedule of an `ExploreError`, exactly. Rejects with what goes wrong.
 *
 * @throws TypeError when `schedule` is none.
 *
 * @example
 * ```ts
 * import { replay } from "millrace/testing";
 *
 * await replay(async () => {}, "m1:");
 * ```
 */
export async function replay(body: Body<void>, schedule: string): Promise<void> {
  requireBody("replay", body);
  const { seed, cancel, choices } = parse(schedule);
  const program: Program = { body, seed, cancel, maxSteps: MAX_STEPS };
  const ending = await new Execution(program, new Replayed(choices)).run();
  if (ending.failure !== null) throw ending.failure.error;
}

class Search {
  readonly #program: Program;
  readonly #limits: Limits;
  /** Given-up ones among them. */
  #runs: number = 0;
  #schedules: number = 0;
  #maxDepth: number = 0;
  readonly #names: Set<string> = new Set();

  constructor(program: Program, limits: Limits) {
    this.#program = program;
    this.#limits = limits;
  }

  report(complete: boolean, strategy: string): ExploreReport {
    const { cancel } = this.#program;
    if (typeof cancel === "string" && !this.#names.has(cancel)) {
      const names = [...this.#names].map((name) => `'${name}'`).join(", ");
      throw new TypeError(
        `explore was to cancel a task '${cancel}', but none of that name ever waited; there were ${names}`,
      );
    }
    return { schedules: this.#schedules, complete, strategy, maxDepth: this.#maxDepth };
  }

  /** True when everything was tried. */
  async exhaust(preemptions: number): Promise<boolean> {
    const { schedules } = this.#limits;
    const search = new ExhaustiveSearch(preemptions);
    const most = schedules - Math.floor(schedules * RANDOM_SHARE);
    do {
      if (this.#runs >= most || this.#isLate) return false;
      search.restart();
      await this.#run(search);
    } while (search.backtrack());
    return true;
  }

  async walk(strategy: "random" | "pct", schedules: number): Promise<ExploreReport> {
    const { seed } = this.#program;
    const Walk = strategy === "pct" ? PriorityWalk : UniformWalk;
    // How long a run is must be known to place cancellations and changes of priority.
    if (this.#schedules === 0) await this.#run(new Replayed([]));
    while (this.#schedules < schedules && !this.#isLate)
      await this.#run(new Walk(seed + this.#schedules, this.#maxDepth));
    return this.report(false, strategy);
  }

  get #isLate(): boolean {
    return host.now() >= this.#limits.deadline;
  }

  async #run(chooser: Chooser): Promise<void> {
    this.#runs++;
    let ending: Ending;
    try {
      ending = await new Execution(this.#program, chooser, this.#limits.isCheckedTwice).run();
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      throw new ExploreError(notDeterministic(error.message), this.#encode([]), [], error);
    }
    if (!ending.isGivenUp) this.#schedules++;
    for (const name of ending.names) this.#names.add(name);
    this.#maxDepth = Math.max(this.#maxDepth, ending.steps);
    if (this.#limits.isCheckedTwice && !ending.isGivenUp) await this.#compare(ending);
    if (ending.failure !== null) throw await this.#failed(ending);
  }

  async #compare(first: Ending): Promise<void> {
    const second = await this.#again(first.choices, true);
    const at = first.trace.findIndex((step, index) => step !== second.trace[index]);
    if (at < 0 && first.trace.length === second.trace.length) return;
    const step = at < 0 ? first.trace.length : at;
    const message = notDeterministic(
      `step ${step + 1} was "${first.trace[step] ?? "the end"}", then "${second.trace[step] ?? "the end"}"`,
    );
    throw new ExploreError(message, this.#encode(first.choices), first.trace.slice(0, step + 1), undefined);
  }

  async #failed(found: Ending): Promise<ExploreError> {
    const { choices, failure } = await shrink(found, (shorter) => this.#again(shorter, false));
    const { trace, failure: again } = await this.#again(choices, true);
    const schedule = this.#encode(choices);
    const { error } = failure!;
    const what =
      again === null
        ? notDeterministic(`it has failed with ${inWords(error)}, and does not again`)
        : inWords(error);
    const message = `${what}\n\nfound by the ${ordinal(this.#schedules)} schedule; shortened to\n${numbered(trace).join("\n")}\n\nreplay it with: await replay(body, ${JSON.stringify(schedule)});\n`;
    return new ExploreError(message, schedule, trace, error);
  }

  #again(choices: readonly number[], isTold: boolean): Promise<Ending> {
    return new Execution(this.#program, new Replayed(choices), isTold).run();
  }

  #encode(choices: readonly number[]): string {
    return format(this.#program, choices);
  }
}

function notDeterministic(how: string): string {
  return `the body is not deterministic: ${how}. Is there a real timer, I/O, Math.random or state that outlives a run?`;
}

function inWords(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Of a long trace, where it begins and where it ends. */
function numbered(trace: readonly string[]): string[] {
  const steps = trace.map((step, index) => `  ${String(index + 1).padStart(3)}. ${step}`);
  if (steps.length <= MOST_STEPS) return steps;
  const left = steps.length - MOST_STEPS;
  return [...steps.slice(0, MOST_STEPS / 2), `       … ${left} more …`, ...steps.slice(-MOST_STEPS / 2)];
}

function ordinal(n: number): string {
  const suffix = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

/** A schedule holds all that a run depends on: choices, seed, and who is cancelled. */
function format({ seed, cancel }: Program, choices: readonly number[]): string {
  const parts = [encode(choices)];
  if (seed !== 0) parts.push(`seed=${seed}`);
  if (cancel !== undefined) parts.push(`cancel=${cancel === true ? "*" : encodeURIComponent(cancel)}`);
  return parts.join(";");
}

function parse(schedule: string): { choices: number[]; seed: number; cancel: string | true | undefined } {
  const [choices = "", ...settings] = typeof schedule === "string" ? schedule.split(";") : [];
  const setting = (name: string): string | undefined =>
    settings.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  const cancel = setting("cancel");
  return {
    choices: decode(choices === "" ? schedule : choices),
    seed: Number(setting("seed") ?? 0),
    cancel: cancel === undefined ? undefined : cancel === "*" ? true : decodeURIComponent(cancel),
  };
}
