/**
 * The state of a task's slot, one word, and the whole truth about who owns the task.
 *
 *            submit               claim                 complete
 *   FREE ─────► QUEUED, QUEUED(w, i) ─────► RUNNING(w, i) ──────────► DONE(w, i)
 *    ▲                 │   any thread, or w: CAS            thread w      │
 *    │  cancel: CAS    │                                                  │
 *    ├─────────────────┘        ┌── thread w died: its incarnation ───────┤
 *    │                          │   is no longer i, the owner reclaims    │ the owner takes the result
 *    └──────────────────────────┴─────────────────────────────────────────┘
 *
 * Invariants
 *  1. A slot belongs to the thread that submits: only it moves FREE → QUEUED and anything → FREE. So
 *     allocation needs no lock, and nothing is freed under anybody's feet.
 *  2. Whoever turns QUEUED into RUNNING by compare-and-set runs the task, and nobody else does. Rings and
 *     inboxes hold hints: one may be stale, or there may be two for a slot, and neither does harm.
 *  3. A task that one thread must run, because its arguments were sent to it, is QUEUED for that thread in
 *     that life. The state says so, and not the hint: a stale hint of the slot may be in anybody's ring.
 *  4. RUNNING and DONE name the thread and its incarnation. A thread's incarnation number grows when it
 *     has ended, after it has stopped running code, or code that comes here (tenure.ts); then, and only
 *     then, its slots are reclaimed.
 */

export const FREE = 0;
/** By itself: for any thread. */
export const QUEUED = 1;
export const RUNNING = 2;
export const DONE = 3;

const THREAD_SHIFT = 2;
const THREAD_BITS = 8;
const INCARNATION_SHIFT = THREAD_SHIFT + THREAD_BITS;
const INCARNATION_MASK = (1 << (30 - INCARNATION_SHIFT)) - 1;

export const MAX_THREADS: number = (1 << THREAD_BITS) - 1;

/** RUNNING or DONE by that life of that thread, or QUEUED for it. */
export function ownedBy(kind: number, thread: number, incarnation: number): number {
  return kind | (thread << THREAD_SHIFT) | ((incarnation & INCARNATION_MASK) << INCARNATION_SHIFT);
}
export function kindOf(state: number): number {
  return state & 3;
}
export function threadOf(state: number): number {
  return (state >>> THREAD_SHIFT) & MAX_THREADS;
}
/** Whether the thread that a state names still lives the same life. */
export function isCurrent(state: number, incarnation: number): boolean {
  return state >>> INCARNATION_SHIFT === (incarnation & INCARNATION_MASK);
}
