/** How tasks and futures end, as a value. */
import { CancelledError } from "../errors.ts";
import type { Outcome } from "./body.ts";
import type { Task } from "./task.ts";

/** Of a failure, or a cancellation. */
export function failure(error: unknown): Outcome<never> {
  return error instanceof CancelledError
    ? { status: "cancelled", reason: error.reason }
    : { status: "rejected", reason: error };
}

/** Of a settled task: whoever asks has observed it. */
export function outcomeOf<T>(task: Task<T>): Outcome<T> {
  task.observe();
  return task.isFailed ? failure(task.result) : { status: "fulfilled", value: task.result as T };
}
