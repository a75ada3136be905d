/**
 * Whether a line of a recording is what a server says. A file may come from anybody, and what is shown of it, or
 * counted with, must be what the types say.
 */
import type { ServerMessage } from "./messages.ts";

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
/** "1e999" is none. */
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
/** Of a measure that was not finite JSON makes null. */
const measure: Check = (value) => value === null || number(value);
const plain: Check = (value) => text(value) || measure(value) || typeof value === "boolean";

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}
function list(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}
function oneOf(...names: readonly string[]): Check {
  return (value) => names.includes(value as string);
}
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function record(check: Check): Check {
  return (value) => isObject(value) && Object.values(value).every(check);
}
function shape(checks: Readonly<Record<string, Check>>): Check {
  const entries = Object.entries(checks);
  return (value) => isObject(value) && entries.every(([name, check]) => check(value[name]));
}

const numbers = list(number);

const task = shape({
  id: number,
  name: optional(text),
  parent: optional(number),
  state: oneOf("ready", "running", "waiting", "cancelling", "done", "failed", "cancelled"),
  kind: oneOf("task", "thread", "actor"),
  spawnedAt: optional(text),
  waitingOn: optional(
    shape({ operation: text, resource: optional(number), since: number, at: optional(text) }),
  ),
  polls: measure,
  busyMs: measure,
  scheduledMs: measure,
  idleMs: measure,
  longestPollMs: measure,
  wakes: measure,
  selfWakes: measure,
  startedAt: number,
  endedAt: optional(number),
  resources: optional(numbers),
  joins: optional(numbers),
});
const resource = shape({
  id: number,
  kind: text,
  name: optional(text),
  createdAt: optional(text),
  holders: numbers,
  attributes: record(plain),
});
const warning = shape({ lint: text, message: text, task: optional(number), resource: optional(number) });

const MESSAGES: ReadonlyMap<unknown, Check> = new Map([
  [
    "hello",
    shape({
      version: number,
      program: shape({ name: text, pid: number, runtime: text, origin: number }),
    }),
  ],
  [
    "update",
    shape({
      seq: number,
      at: number,
      tasks: optional(list(task)),
      goneTasks: optional(numbers),
      resources: optional(list(resource)),
      goneResources: optional(numbers),
      warnings: optional(list(warning)),
      polls: optional(numbers),
      totals: shape({ spawned: measure, ended: measure, polls: measure, busyMs: measure }),
      loop: shape({ busy: measure, lateMs: measure }),
      dropped: shape({ polls: number, tasks: number, warnings: number }),
      pending: number,
    }),
  ],
  ["end", shape({ reason: text })],
]);

export function isMessage(value: unknown): value is ServerMessage {
  return isObject(value) && MESSAGES.get(value.type)?.(value) === true;
}
