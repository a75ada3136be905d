/**
 * What a run of a program leaves open. Every step is a decision, even with one option: whoever searches
 * keeps track of what commutes.
 */

/** What takes a step: a task, an await of an async body, a timer, a cancellation. The same number for the same one within runs that began alike. */
export type Actor = number;

/** What a step did, as far as others can tell. */
export interface Footprint {
  /** User code ran, which may have touched anything. */
  isUser: boolean;
  /** Those that it ran, woke or cancelled. */
  readonly actors: Set<Actor>;
}

export interface Option {
  readonly actor: Actor;
  /** What it is, for people. */
  readonly label: string;
  readonly isCancellation: boolean;
  /** Tells strategies which options belong together: the number of the task. */
  readonly task: Actor;
}

/** Chooses. The first option is what would happen if nobody chose. */
export interface Chooser {
  /** Which step comes next; `undefined` gives the run up, because it would show nothing new. */
  step(options: readonly Option[]): number | undefined;
  /** What the chosen step did. Called once it is over. */
  stepped(footprint: Footprint): void;
  /** A value in [0, count) that a step asks for: where `select` begins. */
  value(count: number): number;
}

/** Whether the order of two steps can make a difference. */
export function conflict(a: Footprint, b: Footprint): boolean {
  if (a.isUser && b.isUser) return true;
  for (const actor of a.actors) if (b.actors.has(actor)) return true;
  return false;
}

export function merge(into: Footprint, from: Footprint): void {
  into.isUser ||= from.isUser;
  for (const actor of from.actors) into.actors.add(actor);
}
