/**
 * Whether there are other threads that what is shared may have gone to. Before the first pool there are none: a wait
 * for something shared is then one like any other, which the end of the program and a paused clock do not wait for.
 */
import { home } from "./home.ts";

let haveCome: boolean = false;
const expecting: Set<() => void> = new Set();

export function hasOthers(): boolean {
  return haveCome || home.thread > 0;
}
/** A pool was made. */
export function othersCome(): void {
  if (haveCome) return;
  haveCome = true;
  for (const hear of expecting) hear();
  expecting.clear();
}
/** Calls `hear` when the first pool is made, unless it is taken back. */
export function expectOthers(hear: () => void): void {
  expecting.add(hear);
}
export function expectNoOthers(hear: () => void): void {
  expecting.delete(hear);
}
