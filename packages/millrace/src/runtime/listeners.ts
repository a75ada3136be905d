/**
 * Whoever waits for the same thing to end or change: a list of them that is woken as a whole. Unlike the
 * wait queue there is nothing that one of them could be given, so nothing to pass on.
 */
import type { Waker } from "./body.ts";
import { host } from "./host.ts";

/** A place in the list. */
export interface Listener {
  /** `null` while it is not in the list. */
  waker: Waker | null;
  earlier: Listener | null;
  later: Listener | null;
}
/** What they wait for. */
export interface Listened {
  /** The latest of them. */
  listeners: Listener | null;
}

export function listen(to: Listened, listener: Listener): void {
  const latest = to.listeners;
  listener.earlier = latest;
  if (latest !== null) latest.later = listener;
  to.listeners = listener;
}

/** Harmless when it is not in the list. */
export function unlisten(to: Listened, listener: Listener): void {
  const { earlier, later } = listener;
  if (earlier !== null) earlier.later = later;
  if (later !== null) later.earlier = earlier;
  else if (to.listeners === listener) to.listeners = earlier;
  listener.earlier = listener.later = listener.waker = null;
}

/** In the order in which they came, each taken out of the list before anybody is woken. */
export function wakeAll(to: Listened): void {
  const wakers: Waker[] = [];
  for (let each = to.listeners; each !== null;) {
    const { earlier, waker }: Listener = each;
    wakers.push(waker!);
    each.earlier = each.later = each.waker = null;
    each = earlier;
  }
  to.listeners = null;
  for (let i = wakers.length; i-- > 0;) wakeSafely(wakers[i]!);
}

/** A waker that throws is reported: who wakes others is not to blame, and must not fail halfway. */
export function wakeSafely(waker: Waker): void {
  try {
    waker.wake();
  } catch (error) {
    host.report("millrace: a waker threw:", error);
  }
}
