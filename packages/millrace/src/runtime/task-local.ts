/** Task-scoped values: like thread-locals, for tasks. */
import { optionsOf, requireBody } from "./argument.ts";
import { atSpawn } from "./spawn.ts";
import { MillraceError } from "../errors.ts";
import type { Body } from "./body.ts";
import type { Branch } from "./branch.ts";
import { Call } from "./call.ts";
import type { Future } from "./future.ts";
import { ambientBranch } from "./trail.ts";
import type { LocalBinding, Task } from "./task.ts";

/** A value that belongs to a task; made by `taskLocal`. */
export interface TaskLocal<T> {
  /** Runs `body` with the value set, for it and whatever it calls. */
  scope<R>(value: T, body: Body<R>): Future<R>;
  /**
   * The value, or the default.
   *
   * @throws MillraceError when no value is set and there is no default.
   */
  get(): T;
  /** The value, the default, or `undefined`. */
  tryGet(): T | undefined;
}

interface Holder {
  readonly locals: LocalBinding | null;
}

/** Locals made with `inherit: true`; spawning looks no further when there are none. */
const inheritable: object[] = [];

/**
 * A value visible to one task, or to a part of it. Not inherited by `spawn` unless `inherit: true`.
 *
 * @example
 * ```ts
 * import { sleep, taskLocal } from "millrace";
 *
 * const requestId = taskLocal<string>();
 * await requestId.scope("r-1", async () => {
 *   await sleep(1);
 *   console.log(requestId.get()); // r-1
 * });
 * ```
 */
export function taskLocal<T>(options: { inherit?: boolean; default?: T } = {}): TaskLocal<T> {
  const hasDefault = "default" in optionsOf("taskLocal", options);
  const local: TaskLocal<T> = {
    scope(value, body) {
      requireBody("taskLocal().scope", body);
      return new Call(body, [], { local: { local, value, next: null }, name: "taskLocal().scope" });
    },
    get() {
      const binding = find(ambientBranch(), local);
      if (binding !== undefined) return binding.value as T;
      if (hasDefault) return options.default as T;
      throw new MillraceError(
        "this task-local has no value here: set one with scope(value, body), or give it a default",
      );
    },
    tryGet() {
      const binding = find(ambientBranch(), local);
      return binding === undefined ? options.default : (binding.value as T);
    },
  };
  if (options.inherit === true) {
    inheritable.push(local);
    atSpawn.inherit = inheritLocals;
  }
  return local;
}

function find(branch: Branch<unknown> | null, local: object): LocalBinding | undefined {
  for (; branch !== null; branch = branch.parent) {
    for (let b = localsOf(branch); b !== null; b = b.next) {
      if (b.local === local) return b;
    }
  }
  return undefined;
}

/** Gives a new task the inheritable values that its spawner sees. */
function localsOf(branch: Branch<unknown>): LocalBinding | null {
  return (branch as Partial<Holder>).locals ?? branch["extras"]?.locals ?? null;
}

function inheritLocals(task: Task<unknown>, spawner: Branch<unknown> | null): void {
  if (spawner === null) return;
  for (const local of inheritable) {
    const found = find(spawner, local);
    if (found === undefined) continue;
    const extras = task["extra"]();
    extras.locals = { local, value: found.value, next: extras.locals };
  }
}
