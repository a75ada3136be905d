/**
 * What a run of a program leaves open. Every step is a decision, even with one option: whoever searches
 * keeps track of what commutes.
 */

/** What takes a step: a task, an await of an async body, a timer, a cancellation. The same number for the same one within runs that began alike. */
export type Actor = number;

/** What a step did, as far as others can tell. */
export interface Footprint {
  /** User code ran, or something that many share was changed: it may have touched anything. */
  isUser: boolean;
  /** It ended the run, and with it whatever else might have come. */
  isLast: boolean;
  /** How many it made ready. They queue up behind each other, so its place in the order is theirs. */
  pushes: number;
  /** Those that it ran, woke or cancelled. */
  readonly actors: Set<Actor>;
}

export interface Option {
  readonly actor: Actor;
  /** Comes behind all that is ready, however late that became so. */
  readonly isTimer: boolean;
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

export function noFootprint(): Footprint {
  return { isUser: false, isLast: false, pushes: 0, actors: new Set() };
}

/** Whether the order of two steps can make a difference. */
export function conflict(a: Footprint, b: Footprint): boolean {
  if ((a.isUser && b.isUser) || a.isLast || b.isLast) return true;
  for (const actor of a.actors) if (b.actors.has(actor)) return true;
  return false;
}

/** What either did: a step may go several ways. */
export function merge(into: Footprint, from: Footprint): void {
  into.isUser ||= from.isUser;
  into.isLast ||= from.isLast;
  into.pushes = Math.max(into.pushes, from.pushes);
  for (const actor of from.actors) into.actors.add(actor);
}
