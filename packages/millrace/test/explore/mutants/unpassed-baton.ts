/** One who was woken to go on with the work, and is cancelled, wakes nobody else to do it. */
import { Notify, join, race, spawn, yieldNow, type Body } from "millrace";
import { get, type Steps } from "../../both-styles.ts";
import type { Mutant } from "./mutant.ts";

/** Work for whoever comes; one worker is woken for each piece, and takes it after a look around. */
class Pool {
  readonly #work: number[] = [];
  readonly #ready: Notify = new Notify();
  done: number = 0;

  add(piece: number): void {
    this.#work.push(piece);
    this.#ready.notifyOne();
  }
  *broken(): Steps<void> {
    yield* get(this.#ready.notified());
    yield* get(yieldNow());
    this.#work.shift();
    this.done++;
  }
  *fixed(): Steps<void> {
    yield* get(this.#ready.notified());
    let isDone = false;
    try {
      yield* get(yieldNow());
      this.#work.shift();
      this.done++;
      isDone = true;
    } finally {
      if (!isDone) this.#ready.notifyOne();
    }
  }
}

export const unpassedBaton: Mutant = {
  name: "a cancelled worker passes nothing on",
  failure: /deadlock/,
  options: { cancel: "first" },
  program: ({ body }, isBroken) =>
    body(function* () {
      const pool = new Pool();
      const worker = body(() => (isBroken ? pool.broken() : pool.fixed()));
      const [first, second] = [spawn(worker, { name: "first" }), spawn(worker, { name: "second" })];
      pool.add(1);
      const { status } = yield* get(race(first.settled(), second.settled()));
      if (status === "fulfilled") pool.add(2);
      yield* get(join(first.settled(), second));
    }) as Body<void>,
};
