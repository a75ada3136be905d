/** The polls under way, one inside of the other, each with its own time. */
import { RUNNING } from "../runtime/branch-state.ts";
import { host } from "../runtime/host.ts";
import type { Task } from "../runtime/task.ts";
import type { TaskRecord } from "./task-record.ts";

interface RunningPoll {
  readonly record: TaskRecord;
  /** Of what an async body awaits, not of the task itself. */
  readonly isAwait: boolean;
  /** Less what ran inside of it. */
  ms: number;
  since: number;
}

export class RunningPolls {
  readonly #polls: RunningPoll[] = [];

  get innermost(): TaskRecord | undefined {
    return this.#polls.at(-1)?.record;
  }

  clear(): void {
    this.#polls.length = 0;
  }

  /** Gives the time. */
  begin(record: TaskRecord, isAwait: boolean): number {
    const at = host.now();
    const polls = this.#polls;
    // Another recording was told of their ends. No await is polled within another poll.
    if (isAwait) polls.length = 0;
    for (let last = polls.at(-1); last !== undefined; last = polls.at(-1)) {
      if (last.isAwait || (last.record.task.flags & RUNNING) !== 0) break;
      polls.pop();
    }
    const outer = polls.at(-1);
    if (outer !== undefined) outer.ms += at - outer.since;
    polls.push({ record, isAwait, ms: 0, since: at });
    return at;
  }

  /** How long it ran, until `at`; `undefined` when recording began in the middle of it. */
  end(task: Task<unknown>, at: number): number | undefined {
    const poll = this.#polls.at(-1);
    if (poll?.record.task !== task) return undefined;
    this.#polls.pop();
    const outer = this.#polls.at(-1);
    if (outer !== undefined) outer.since = at;
    return poll.ms + at - poll.since;
  }
}
