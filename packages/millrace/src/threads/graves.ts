/**
 * Which threads have died: so that what a dead one held in shared memory, a lock or permits, is not held for
 * ever. One list for all pools of a process, kept by the thread that starts them; a thread's number is
 * never used again.
 *
 *   count │ a bit for each of `KEPT` numbers, and then again for the next as many
 *
 * Whoever does not get something looks whether its holder is on the list, and takes it from there, however long
 * ago that died: a lock may be asked for seldom, and threads that had nothing to do end often. Whoever already
 * waits is woken at each death.
 */
import { threadNumber } from "./backend.ts";

/** Only what so many later threads have come since is taken for alive again. */
const KEPT = 1 << 20;
const COUNT = 0;
const BITS = 1;

let made: Int32Array<SharedArrayBuffer> | undefined;
/** Made when it is needed: this module also loads where there is no shared memory. */
const listed = (): Int32Array<SharedArrayBuffer> =>
  (made ??= new Int32Array(new SharedArrayBuffer((BITS + KEPT / 32) * 4)));
const wordOf = (thread: number): number => BITS + ((thread % KEPT) >>> 5);
const bitOf = (thread: number): number => 1 << (thread & 31);
const listeners = new Set<() => void>();

export const graves: {
  /** This thread, as the holder of something: not 0. */
  readonly self: number;
  readonly memory: SharedArrayBuffer;
  /** On a thread of a pool: the list of its process. */
  adopt(memory: SharedArrayBuffer): void;
  /** Deaths so far. */
  readonly count: number;
  /** A thread begins. */
  register(thread: number): void;
  bury(thread: number): void;
  isDead(thread: number): boolean;
  /** Calls `listener` when somebody has died, until the returned function is called. */
  watch(listener: () => void): () => void;
  /** Somebody has died. */
  announce(): void;
} = {
  self: threadNumber + 1,
  get memory() {
    return listed().buffer;
  },
  adopt(memory) {
    made = new Int32Array(memory);
  },
  get count() {
    return made === undefined ? 0 : Atomics.load(made, COUNT);
  },
  register(thread) {
    Atomics.and(listed(), wordOf(thread), ~bitOf(thread));
  },
  bury(thread) {
    Atomics.or(listed(), wordOf(thread), bitOf(thread));
    Atomics.add(listed(), COUNT, 1);
  },
  isDead(thread) {
    return made !== undefined && (Atomics.load(made, wordOf(thread)) & bitOf(thread)) !== 0;
  },
  watch(listener) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  announce() {
    for (const listener of listeners) listener();
  },
};
