/**
 * Which threads have died: so that what a dead one held in shared memory, a lock or permits, is not held for
 * ever. One list for all pools of a process, kept by the thread that starts them; a thread's number is
 * never used again.
 *
 *   count │ the latest `KEPT` numbers
 *
 * Whoever does not get something looks whether its holder is on the list, and takes it from there. Whoever
 * already waits is woken at each death.
 */
import { threadNumber } from "./backend.ts";

const KEPT = 1024;
const COUNT = 0;

let made: Int32Array<SharedArrayBuffer> | undefined;
/** Made when it is needed: this module also loads where there is no shared memory. */
const listed = (): Int32Array<SharedArrayBuffer> =>
  (made ??= new Int32Array(new SharedArrayBuffer((1 + KEPT) * 4)));
const listeners = new Set<() => void>();

export const graves: {
  /** This thread, as the holder of something: not 0. */
  readonly self: number;
  readonly memory: SharedArrayBuffer;
  /** On a thread of a pool: the list of its process. */
  adopt(memory: SharedArrayBuffer): void;
  /** Deaths so far. */
  readonly count: number;
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
  bury(thread) {
    const list = listed();
    const count = Atomics.load(list, COUNT);
    Atomics.store(list, 1 + (count % KEPT), thread);
    Atomics.store(list, COUNT, count + 1);
  },
  isDead(thread) {
    for (let i = Math.min(this.count, KEPT); i > 0; i--)
      if (Atomics.load(listed(), i) === thread) return true;
    return false;
  },
  watch(listener) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  announce() {
    for (const listener of listeners) listener();
  },
};
