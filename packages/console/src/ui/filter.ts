/**
 * What may be typed to narrow a table:
 *
 *   words          anything shown contains each of them
 *   name:worker    one column does: id, name, state, kind, on, at, parent
 *   busy>10ms      one number is: busy, scheduled, idle, longest, wait, polls, wakes, self
 *   -state:done    not that
 *   "two words"    as one
 */
import type { ConsoleResource, ConsoleTask } from "../protocol/messages.ts";

type Fields = Readonly<Record<string, string>>;
type Numbers = Readonly<Record<string, number>>;
/** What a row offers to be matched; made only when a term needs it. */
export interface Matchable {
  readonly fields: () => Fields;
  readonly numbers: () => Numbers;
}
export type Match = (row: Matchable) => boolean;

const UNITS: Readonly<Record<string, number>> = { µs: 0.001, us: 0.001, ms: 1, s: 1000, min: 60_000 };

export function parseFilter(text: string): Match {
  const terms = [...text.toLowerCase().matchAll(/-?(?:[\w]+:)?"[^"]*"?|\S+/g)].map(([term]) =>
    parseTerm(term),
  );
  return (row) => terms.every((matches) => matches(row));
}

function parseTerm(term: string): Match {
  if (term.startsWith("-") && term.length > 1) {
    const matches = parseTerm(term.slice(1));
    return (row) => !matches(row);
  }
  const [, name, sign, amount, unit] = /^([a-z]+)([<>])(\d+(?:\.\d+)?)(µs|us|ms|s|min)?$/.exec(term) ?? [];
  if (name !== undefined) {
    const bound = Number(amount) * (unit === undefined ? 1 : UNITS[unit]!);
    return (row) => {
      const value = row.numbers()[name];
      return value !== undefined && (sign === ">" ? value > bound : value < bound);
    };
  }
  const [, field, wanted] = /^([a-z]+):(.*)$/.exec(term) ?? [];
  if (field !== undefined && FIELDS.has(field)) {
    const text = wanted!.replaceAll('"', "");
    if (field === "id" || field === "parent") return (row) => row.fields()[field] === text;
    return (row) => (row.fields()[field] ?? "").toLowerCase().includes(text);
  }
  const text = term.replaceAll('"', "");
  return (row) => {
    const fields = row.fields();
    for (const name in fields) if (fields[name]!.toLowerCase().includes(text)) return true;
    return false;
  };
}

const FIELDS: ReadonlySet<string> = new Set(["id", "name", "state", "kind", "on", "at", "parent"]);

export function taskFields(task: ConsoleTask, now: number): Matchable {
  const { waitingOn } = task;
  return {
    fields: () => ({
      id: String(task.id),
      name: task.name ?? "",
      state: task.state,
      kind: task.kind,
      on: waitingOn === undefined ? "" : `${waitingOn.operation} ${waitingOn.at ?? ""}`,
      at: task.spawnedAt ?? "",
      parent: String(task.parent ?? ""),
    }),
    numbers: () => ({
      busy: task.busyMs,
      scheduled: task.scheduledMs,
      idle: task.idleMs,
      longest: task.longestPollMs,
      wait: waitingOn === undefined ? 0 : now - waitingOn.since,
      polls: task.polls,
      wakes: task.wakes,
      self: task.selfWakes,
    }),
  };
}

export function resourceFields(resource: ConsoleResource, waiters: number): Matchable {
  const { id, name = "", kind, createdAt = "", attributes, holders } = resource;
  return {
    fields: () => ({
      id: String(id),
      name,
      kind,
      at: createdAt,
      state: Object.entries(attributes)
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
    }),
    numbers: () => ({
      waiters,
      holders: holders.length,
      ...Object.fromEntries(Object.entries(attributes).filter((entry) => typeof entry[1] === "number")),
    }),
  };
}
