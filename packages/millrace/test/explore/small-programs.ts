/**
 * Small random programs over everything that can make tasks wait for each other, and a search that
 * collects how they can end: what the reduction of the explorer is held against.
 */
import {
  CancelledError,
  Mutex,
  Notify,
  Semaphore,
  join,
  mpsc,
  select,
  sleep,
  spawn,
  yieldNow,
} from "millrace";
import { Execution, type Program } from "../../src/testing/explore/execution.ts";
import { INJECTED } from "../../src/testing/explore/steps.ts";
import { ExhaustiveSearch } from "../../src/testing/explore/exhaustive.ts";
import { get, type Steps, type Style } from "../both-styles.ts";

export type Op = "yield" | "nap" | "lock" | "permit" | "send" | "recv" | "notify" | "notified" | "either";
export const ops: readonly Op[] = [
  "yield",
  "nap",
  "lock",
  "permit",
  "send",
  "recv",
  "notify",
  "notified",
  "either",
];

/** Each task logs where it is; the log is how the program ended. */
export function program(tasks: readonly (readonly Op[])[], style: Style, log: string[]): Program["body"] {
  return style.body(function* () {
    const mutex = new Mutex(0);
    const semaphore = new Semaphore(1);
    const [tx, rx] = mpsc.channel<string>(1);
    const notify = new Notify();
    const perform: { [K in Op]: (name: string) => Steps<string | undefined | void> } = {
      *yield() {
        yield* get(yieldNow());
      },
      *nap() {
        yield* get(sleep(1));
      },
      *lock() {
        const guard = yield* get(mutex.lock());
        guard.release();
      },
      *permit() {
        const permit = yield* get(semaphore.acquire());
        try {
          yield* get(sleep(1));
        } finally {
          permit.release();
        }
      },
      *send(name) {
        yield* get(tx.send(name));
      },
      *recv() {
        return yield* get(rx.recv());
      },
      *notify() {
        notify.notifyOne();
      },
      *notified() {
        yield* get(notify.notified());
      },
      *either() {
        const { key } = yield* get(select({ message: rx.recv(), late: sleep(1) }));
        return key;
      },
    };
    const run = (index: number) =>
      style.body(function* () {
        try {
          for (const op of tasks[index]!) {
            log.push(`${index}:${op}`);
            const value = yield* perform[op](`${index}`);
            if (value !== undefined) log.push(`${index}=${value}`);
          }
          log.push(`${index}.`);
        } catch (error) {
          // What happens when the run is over is not part of it.
          if (!(error instanceof CancelledError) || error.reason === INJECTED) log.push(`${index}!`);
          throw error;
        }
      });
    const handles = tasks.map((_, index) => spawn(run(index), { name: `${index}` }));
    yield* get(join(...handles.map((handle) => handle.settled())));
    tx.close();
  }) as Program["body"];
}

export interface Found {
  readonly endings: ReadonlySet<string>;
  readonly runs: number;
  readonly isComplete: boolean;
}

/** All that a search can find: the log, and how the run failed if it did. */
export async function search(
  make: (log: string[]) => Program["body"],
  cancel: true | undefined,
  preemptions: number,
  isReduced: boolean,
  most: number,
): Promise<Found> {
  const endings = new Set<string>();
  const exhaustive = new ExhaustiveSearch(preemptions, isReduced);
  let runs = 0;
  do {
    if (runs++ >= most) return { endings, runs, isComplete: false };
    const log: string[] = [];
    exhaustive.restart();
    const body = make(log);
    const { isGivenUp, failure } = await new Execution(
      { body, seed: 0, cancel, maxSteps: 1000 },
      exhaustive,
    ).run();
    if (!isGivenUp) endings.add(`${log.join(" ")} ${failure === null ? "" : messageOf(failure.error)}`);
  } while (exhaustive.backtrack());
  return { endings, runs, isComplete: true };
}

function messageOf(error: unknown): string {
  if (error instanceof CancelledError) return "cancelled";
  // What a deadlock says lists tasks in the order in which they were spawned, which is the same in all.
  return error instanceof Error ? error.message : String(error);
}
