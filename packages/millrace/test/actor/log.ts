/** An actor whose messages note what happens to them, in the style of the test. */
import { CancelledError, sleep, type TaskFailure } from "millrace";
import { get, type InStyle } from "../both-styles.ts";

export interface Logger {
  /** Takes `ms`, and gives `name`. */
  work(name: string, ms: number): unknown;
  fail(message: string): unknown;
  failLater(message: string, ms: number): unknown;
}

/** Notes the beginning and the end of each message. */
export function logger(log: string[], { body }: Pick<InStyle, "body">) {
  return {
    work: body(function* (name: string, ms: number) {
      log.push(`${name} begins`);
      try {
        yield* get(sleep(ms));
      } catch (error) {
        log.push(`${name} ${error instanceof CancelledError ? "is cancelled" : String(error)}`);
        throw error;
      }
      log.push(`${name} ends`);
      return name;
    }),
    fail(message: string): never {
      log.push(`fails: ${message}`);
      throw new Error(message);
    },
    failLater: body(function* (message: string, ms: number) {
      yield* get(sleep(ms));
      throw new Error(message);
    }),
    async [Symbol.asyncDispose]() {
      await sleep(1);
      log.push("disposed");
    },
  };
}

/** Runtime options that collect what is reported. */
export function collecting(): {
  readonly failures: TaskFailure[];
  onTaskFailure: (failure: TaskFailure) => void;
} {
  const failures: TaskFailure[] = [];
  return { failures, onTaskFailure: (failure) => void failures.push(failure) };
}
export function messages(failures: readonly TaskFailure[]): string[] {
  return failures.map(({ error }) => (error as Error).message);
}
