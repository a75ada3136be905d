/**
 * What tasks wait for, as it describes itself: channels, locks, timers. The deadlock report, the dump and
 * the console read this and nothing else.
 *
 * Who waits is read off the tasks, who holds off the open guards; since when, and where, is known while
 * something records (`hooks.ts`).
 */
import { optionsOf, shown } from "./argument.ts";
import { hooks } from "./hooks.ts";

/** What can be waited for. */
export type ResourceKind =
  | "mpsc"
  | "oneshot"
  | "broadcast"
  | "watch"
  | "mutex"
  | "rwlock"
  | "semaphore"
  | "notify"
  | "barrier"
  | "timer"
  | "pool";

/** What a resource says of itself: sizes, capacities, counts. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A list of open handles, as far as it tells who opened them. */
export interface Openers {
  /** The numbers of the tasks; 0 for one opened outside any. */
  openers(): Iterable<number>;
}

export interface Resource {
  readonly resourceKind: ResourceKind;
  /** What of it is open: guards, permits, senders. */
  readonly handles?: Openers;
  /** Sizes, capacities, counts. */
  attributes(): Attributes;
}

/** Takes a name, for reports. */
export interface Named {
  /** What reports call it. */
  name?: string;
}

/** Of these, what is held is what others wait for. */
export const HELD: ReadonlySet<ResourceKind> = new Set<ResourceKind>(["mutex", "rwlock", "semaphore"]);

/** "channel" of "channel #12 'jobs'". */
const NOUNS: Readonly<Record<ResourceKind, string>> = {
  mpsc: "channel",
  oneshot: "oneshot channel",
  broadcast: "broadcast channel",
  watch: "watch channel",
  mutex: "mutex",
  rwlock: "read-write lock",
  semaphore: "semaphore",
  notify: "notify",
  barrier: "barrier",
  timer: "timer",
  pool: "pool",
};

const names: WeakMap<Resource, string> = new WeakMap();

/** A resource was made. */
export function made(resource: Resource, options: Named | undefined): void {
  if (options !== undefined) setName(resource, options);
  hooks.current?.resourceMade?.(resource);
}

function setName(resource: Resource, options: Named): void {
  const noun = `a ${NOUNS[resource.resourceKind]}`;
  const name: unknown = optionsOf(noun, options).name;
  if (name === undefined) return;
  if (typeof name !== "string")
    throw new TypeError(`${noun} expects its name to be a string, got ${shown(name)}`);
  names.set(resource, name);
}

export function nameOf(resource: Resource): string | undefined {
  return names.get(resource);
}

/** "channel 'jobs'", with its number while something records; `anonymous` when it has neither. */
export function label(resource: Resource, anonymous: string): string {
  const id = hooks.current?.resourceId?.(resource);
  const name = names.get(resource);
  if (id === undefined && name === undefined) return anonymous;
  const number = id === undefined ? "" : ` #${id}`;
  return `${NOUNS[resource.resourceKind]}${number}${name === undefined ? "" : ` '${name}'`}`;
}
