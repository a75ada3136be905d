/**
 * What may be typed to narrow a table:
 *
 *   words          anything shown contains each of them
 *   name:worker    one column does: id, name, state, kind, on, at, parent
 *   busy>10ms      one number is: busy, scheduled, idle, longest, wait, polls, wakes, self
 *   -state:done    not that
 *   "two words"    as one
 */
import type { ConsoleResource, ConsoleTask, Warning } from "../protocol/messages.ts";

/** What the rows of a table offer to be matched. */
export interface Matchable<T> {
  readonly fields: Readonly<Record<string, (row: T) => string>>;
  readonly number: (row: T, name: string, now: number) => number | undefined;
}
/** `now` is the time until which a row has waited. */
export type Match<T> = (row: T, now: number) => boolean;

const UNITS: Readonly<Record<string, number>> = { µs: 0.001, us: 0.001, ms: 1, s: 1000, min: 60_000 };

export function parseFilter<T>(text: string, of: Matchable<T>): Match<T> {
  const terms = [...text.toLowerCase().matchAll(/-?(?:[\w]+:)?"[^"]*"?|\S+/g)].map(([term]) =>
    parseTerm(term, of),
  );
  return (row, now) => terms.every((matches) => matches(row, now));
}

function parseTerm<T>(term: string, of: Matchable<T>): Match<T> {
  if (term.startsWith("-") && term.length > 1) {
    const matches = parseTerm(term.slice(1), of);
    return (row, now) => !matches(row, now);
  }
  const [, name, sign, amount, unit] = /^([a-z]+)([<>])(\d+(?:\.\d+)?)(µs|us|ms|s|min)?$/.exec(term) ?? [];
  if (name !== undefined) {
    const bound = Number(amount) * (unit === undefined ? 1 : UNITS[unit]!);
    return (row, now) => {
      const value = of.number(row, name, now);
      return value !== undefined && (sign === ">" ? value > bound : value < bound);
    };
  }
  const [, field, wanted] = /^([a-z]+):(.*)$/.exec(term) ?? [];
  if (field !== undefined && Object.hasOwn(of.fields, field)) {
    const text = wanted!.replaceAll('"', "");
    const read = of.fields[field]!;
    if (field === "id" || field === "parent") return (row) => read(row) === text;
    return (row) => read(row).toLowerCase().includes(text);
  }
  const text = term.replaceAll('"', "");
  const fields = Object.values(of.fields);
  return (row) => fields.some((read) => read(row).toLowerCase().includes(text));
}

export const TASK: Matchable<ConsoleTask> = {
  fields: {
    id: ({ id }) => String(id),
    name: ({ name }) => name ?? "",
    state: ({ state }) => state,
    kind: ({ kind }) => kind,
    on: ({ waitingOn }) => (waitingOn === undefined ? "" : `${waitingOn.operation} ${waitingOn.at ?? ""}`),
    at: ({ spawnedAt }) => spawnedAt ?? "",
    parent: ({ parent }) => String(parent ?? ""),
  },
  number(task, name, now) {
    switch (name) {
      case "busy":
        return task.busyMs;
      case "scheduled":
        return task.scheduledMs;
      case "idle":
        return task.idleMs;
      case "longest":
        return task.longestPollMs;
      case "wait":
        return task.waitingOn === undefined ? 0 : now - task.waitingOn.since;
      case "polls":
        return task.polls;
      case "wakes":
        return task.wakes;
      case "self":
        return task.selfWakes;
      default:
        return undefined;
    }
  },
};

/** `waiters` says how many tasks wait for the resource with that id. */
export function resourceMatchable(waiters: (id: number) => number): Matchable<ConsoleResource> {
  return {
    fields: {
      id: ({ id }) => String(id),
      name: ({ name }) => name ?? "",
      kind: ({ kind }) => kind,
      at: ({ createdAt }) => createdAt ?? "",
      state: ({ attributes }) =>
        Object.entries(attributes)
          .map(([key, value]) => `${key}=${value}`)
          .join(" "),
    },
    number({ id, holders, attributes }, name) {
      if (name === "waiters") return waiters(id);
      if (name === "holders") return holders.length;
      const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
      return typeof value === "number" ? value : undefined;
    },
  };
}

export const WARNING: Matchable<Warning> = {
  fields: {
    name: ({ lint }) => lint,
    state: ({ message }) => message,
    id: ({ task }) => String(task ?? ""),
  },
  number: () => undefined,
};
