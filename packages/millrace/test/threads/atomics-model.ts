/**
 * Explores how threads over shared memory may interleave, without threads: every order of their `Atomics`
 * operations, with a bounded number of preemptions.
 *
 * A thread is a plain function. Such code cannot be suspended, so it is run again from its beginning for
 * each of its steps: the operations that it has done already give what they gave then, the next one is
 * performed, and the one after that ends the run by throwing. What it does to the memory otherwise belongs to
 * the operation before: plain words are written by whoever owns them. `Atomics.wait` and `waitAsync` suspend
 * the thread until a `notify`; there are no timeouts, so a wake-up that is lost stays lost.
 *
 * Source: stateless model checking with bounded preemption, as in CHESS (Musuvathi and others, OSDI 2008).
 */
import { vi } from "vitest";

const SUSPEND = Symbol("suspend");
const native = Atomics;
const NativeWords = Int32Array;

interface Thread {
  readonly body: () => unknown;
  /** What its operations gave. */
  readonly log: unknown[];
  /** The word that it sleeps on. */
  asleepOn: number;
  isDone: boolean;
  result: unknown;
}

class Run {
  readonly threads: Thread[];
  readonly words: Int32Array;
  current: Thread | null = null;
  #place: number = 0;
  #mayAct: boolean = false;
  #isSuspended: boolean = false;

  constructor(bodies: readonly (() => unknown)[], words: Int32Array) {
    this.words = words;
    this.threads = bodies.map((body) => ({
      body,
      log: [],
      asleepOn: -1,
      isDone: false,
      result: undefined,
    }));
  }

  get ready(): number[] {
    return this.threads.flatMap(({ isDone, asleepOn }, i) => (isDone || asleepOn >= 0 ? [] : [i]));
  }

  step(index: number): void {
    const thread = this.threads[index]!;
    this.current = thread;
    this.#place = 0;
    this.#mayAct = true;
    this.#isSuspended = false;
    try {
      thread.result = thread.body();
      thread.isDone = true;
    } catch (error) {
      if (error !== SUSPEND) throw error;
    } finally {
      this.current = null;
    }
  }

  /** An operation of the current thread. `isPoint`: others may come before it. */
  act(isPoint: boolean, perform: () => unknown): unknown {
    const { log } = this.current!;
    if (this.#isSuspended) throw SUSPEND;
    if (this.#place < log.length) return log[this.#place++];
    if (isPoint) {
      if (!this.#mayAct) this.#suspend();
      this.#mayAct = false;
    }
    const result = perform();
    log.push(result);
    this.#place++;
    return result;
  }
  #suspend(): never {
    this.#isSuspended = true;
    throw SUSPEND;
  }
  /** Sleeps, if the word is as expected. */
  sleep(at: number, expected: number): unknown {
    const thread = this.current!;
    const answer = this.act(true, () => {
      if (this.words[at] !== expected) return "not-equal";
      thread.asleepOn = at;
      return "ok";
    });
    if (thread.asleepOn >= 0) this.#suspend();
    return answer;
  }
  notify(at: number): void {
    this.act(true, () => {
      for (const thread of this.threads) if (thread.asleepOn === at) thread.asleepOn = -1;
      return 0;
    });
  }
}

let run: Run | null = null;

/** Words whose every use is an operation of the run under way. */
export function modelWords(memory: SharedArrayBuffer): Int32Array {
  const words = new NativeWords(memory);
  return new Proxy(words, {
    get: (_, key) =>
      typeof key === "string" && /^\d+$/.test(key) && run?.current
        ? run.act(false, () => words[Number(key)])
        : Reflect.get(words, key, words),
    set: (_, key, value: number) => {
      if (run?.current) run.act(false, () => (words[Number(key as string)] = value));
      else words[Number(key as string)] = value;
      return true;
    },
  });
}

type Operation = "load" | "store" | "exchange" | "add" | "sub" | "and" | "or" | "compareExchange";
function model(): typeof Atomics {
  const operation =
    (name: Operation) =>
    (words: Int32Array, ...rest: number[]): unknown => {
      const perform = (): unknown =>
        (native[name] as (...all: unknown[]) => unknown)(new NativeWords(words.buffer), ...rest);
      return run?.current ? run.act(true, perform) : perform();
    };
  const names: Operation[] = ["load", "store", "exchange", "add", "sub", "and", "or", "compareExchange"];
  return {
    ...Object.fromEntries(names.map((name) => [name, operation(name)])),
    wait: (_: Int32Array, at: number, expected: number) => run!.sleep(at, expected),
    // Back when it was woken: whoever asked looks again.
    waitAsync: (_: Int32Array, at: number, expected: number) => ({
      async: false,
      value: run!.sleep(at, expected),
    }),
    notify: (_: Int32Array, at: number) => run!.notify(at),
  } as unknown as typeof Atomics;
}

export interface Program {
  readonly memory: SharedArrayBuffer;
  /** Each makes its objects anew: it is run many times. */
  readonly threads: readonly (() => unknown)[];
  /** Complains by throwing. `asleep`: the threads that nobody will ever wake. */
  check(results: readonly unknown[], asleep: readonly number[]): void;
}

/** Gives the number of schedules. Throws what `check` throws, with the schedule that led there. */
export function explore(make: () => Program, preemptions: number, most: number = 20_000): number {
  vi.stubGlobal("Atomics", model());
  vi.stubGlobal("Int32Array", function (memory: SharedArrayBuffer) {
    return modelWords(memory);
  });
  try {
    let count = 0;
    const pending: number[][] = [[]];
    for (let prefix = pending.pop(); prefix !== undefined && count < most; prefix = pending.pop()) {
      count++;
      follow(make(), prefix, preemptions, pending);
    }
    return count;
  } finally {
    run = null;
    vi.unstubAllGlobals();
  }
}

/** Runs one schedule to its end, and notes where others branch off from it. */
function follow(program: Program, prefix: readonly number[], bound: number, pending: number[][]): void {
  const here = (run = new Run(program.threads, new NativeWords(program.memory)));
  const schedule: number[] = [];
  let last = -1;
  let preempted = 0;
  for (let ready = here.ready; ready.length > 0; ready = here.ready) {
    const depth = schedule.length;
    if (depth > 500) throw new Error(`endless: ${schedule.join("")}`);
    const goesOn = ready.includes(last);
    const choice = prefix[depth] ?? (goesOn ? last : ready[0]!);
    if (depth >= prefix.length) {
      for (const other of ready) {
        if (other === choice || (goesOn && preempted >= bound)) continue;
        pending.push([...schedule, other]);
      }
    }
    if (goesOn && choice !== last) preempted++;
    schedule.push(choice);
    last = choice;
    here.step(choice);
  }
  const asleep = here.threads.flatMap(({ isDone }, i) => (isDone ? [] : [i]));
  run = null;
  try {
    program.check(
      here.threads.map(({ result }) => result),
      asleep,
    );
  } catch (error) {
    throw new Error(`schedule ${schedule.join("")}: ${(error as Error).message}`, { cause: error });
  }
}
