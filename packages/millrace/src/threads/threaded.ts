/** Functions that can be called on a thread. */
import type { Transferable } from "../internal/platform.ts";
import { requireBody } from "../runtime/argument.ts";
import type { Awaitable, Routine } from "../runtime/body.ts";
import { toMs, type Duration } from "../runtime/duration.ts";
import type { Future } from "../runtime/future.ts";
import { Task } from "../runtime/task.ts";
import { callerUrl } from "./caller-url.ts";
import { register, type AnyFunction, type FunctionEntry } from "./function-table.ts";
import { home, type Engine } from "./home.ts";
import type { ThreadPool } from "./pool.ts";
import { RemoteCall, type CallOptions } from "./remote-call.ts";

/** A function that runs on a thread when it is called. */
export interface ThreadFn<A extends unknown[], R> {
  (...args: A): Future<R>;
  /** The function itself, on the calling thread. */
  readonly local: (...args: A) => Routine<R> | Awaitable<R>;
  /** The same function, its calls made in this way. As a task: `spawn(fn.with(options)(…))`. */
  with(options: ThreadCall): (...args: A) => Future<R>;
}

/** How one call is made. */
export interface ThreadCall {
  /** Where it runs; the runtime's own pool unless said. */
  pool?: ThreadPool;
  /** Moved, not copied; unusable here afterwards. */
  transfer?: readonly Transferable[];
  /** Run on the calling thread's own group of tasks rather than let another steal it. */
  pin?: boolean;
  /**
   * May be run again if its thread dies. Default false: it then fails with `ThreadError`, as does one that has
   * cost three threads.
   */
  idempotent?: boolean;
  /**
   * How long (ms) an abandoned call may go on before its thread is replaced. Default 1000. Deno cannot stop a
   * function that never comes to an end: replaced there, its thread takes part in nothing any more, but uses a
   * processor until the program ends.
   */
  killAfter?: Duration;
}

/** Of a call that was abandoned, in ms. */
const KILL_AFTER = 1000;
const DEFAULTS: CallOptions = {
  transfer: undefined,
  isPinned: false,
  isIdempotent: false,
  killAfter: KILL_AFTER,
};

/** What `threaded` functions are, besides functions. */
const entries = new WeakMap<object, FunctionEntry>();
/** Of what their `with` gives: the name of the function, to say what to do instead. (Cheaper than a map.) */
const CALLS: unique symbol = Symbol("millrace.calls");

/**
 * Marks a module-level function as callable on a thread. It reaches the thread by reference (module and
 * position), never as source text, so it may use everything its module imports, in TypeScript too. The
 * module's top level runs once on each thread that needs it; `main` does nothing there. Bodies may be
 * plain, async or generator functions: each thread has a runtime of its own.
 *
 * Arguments and results are copied, like by structured clone; errors keep their class, `code`, `cause` and
 * properties, and have both stacks. (A class of the program's own, if the function's module exports it, and has
 * been evaluated to its end where the call is made: a module that awaits the call at its top level has not.)
 * An object that is in the arguments or in the result twice may arrive as two equal ones; cycles arrive as
 * cycles. Where it matters that it is one, send it once, and say by a key where else it belongs.
 *
 * **Cancel safety.** Calling it returns a lazy future, dispatched when first polled. Abandoned before it
 * started it never runs. Abandoned while running, its `cx().signal` fires on the thread and, `killAfter`
 * later, the thread is replaced; a task that abandoned it does not end before that. What an abandoned call
 * gives or throws is ignored.
 *
 * @throws TypeError when `fn` is not a function.
 *
 * @example
 * ```ts
 * import { join, main } from "millrace";
 * import { threaded } from "millrace/threads";
 *
 * export const square = threaded(import.meta, (n: number) => n * n);
 *
 * main(async () => {
 *   console.log(await join(square(3), square(4))); // [9, 16]
 * });
 * ```
 */
export function threaded<A extends unknown[], R>(
  meta: ImportMeta,
  fn: (...args: A) => Routine<R> | Awaitable<R>,
): ThreadFn<A, R> {
  requireBody("threaded", fn);
  if (typeof meta !== "object" || meta === null) {
    throw new TypeError(`threaded expects import.meta as its first argument, got ${String(meta)}`);
  }
  return threadFnOf(register(callerUrl(meta, 1), meta, fn as AnyFunction), fn);
}

export function threadFnOf<A extends unknown[], R>(
  entry: FunctionEntry,
  fn: (...args: A) => Routine<R> | Awaitable<R>,
): ThreadFn<A, R> {
  const call = (...args: A): Future<R> => new RemoteCall<R>(entry, without(args), DEFAULTS);
  const made = Object.assign(call, {
    local: fn,
    with: (options: ThreadCall) => {
      const chosen = checked(options);
      const called = (...args: A): Future<R> => new RemoteCall<R>(entry, without(args), chosen);
      (called as { [CALLS]?: string })[CALLS] = entry.name;
      return called;
    },
  });
  Object.defineProperty(made, "name", { value: entry.name, configurable: true });
  entries.set(made, entry);
  return made;
}

/** A task that has the function as its body passes its own context, which stays here. */
function without<A extends unknown[]>(args: A): readonly unknown[] {
  return args.length === 1 && args[0] instanceof Task ? [] : args;
}

function checked(options: ThreadCall): CallOptions {
  const { pool, transfer, pin, idempotent, killAfter = KILL_AFTER } = options;
  return {
    engine: pool === undefined ? undefined : () => home.engineOfPool!(pool),
    transfer: transfer === undefined || transfer.length === 0 ? undefined : transfer,
    isPinned: pin === true,
    isIdempotent: idempotent === true,
    killAfter: toMs("killAfter", killAfter),
  };
}

/** What was registered for a threaded function. */
export function entryOf(caller: string, fn: unknown): FunctionEntry {
  const entry = typeof fn === "function" ? entries.get(fn) : undefined;
  if (entry !== undefined) return entry;
  const name = typeof fn === "function" ? (fn as { [CALLS]?: string })[CALLS] : undefined;
  if (name !== undefined) {
    const instead =
      caller === "parMap"
        ? `pass the function itself, and the pool in the options of parMap`
        : `call that, and spawn the call: spawn(fn.with({ … })(…)), whose options may name the pool`;
    throw new TypeError(
      `${caller} expects a threaded function, got what the \`with\` of ${name} gave; ${instead}`,
    );
  }
  const got = fn === null ? "null" : typeof fn === "function" ? "a plain function" : typeof fn;
  throw new TypeError(
    `${caller} expects a function made with threaded(import.meta, …), at the top level of its module; got ${got}`,
  );
}

/** A call of it in a pool. */
export function callOf<A extends unknown[], R>(
  caller: string,
  fn: ThreadFn<A, R>,
  args: readonly unknown[],
  engine?: () => Engine,
  errorsOf?: string,
): RemoteCall<R> {
  const isUsual = engine === undefined && errorsOf === undefined;
  return new RemoteCall<R>(entryOf(caller, fn), args, isUsual ? DEFAULTS : { ...DEFAULTS, engine, errorsOf });
}
