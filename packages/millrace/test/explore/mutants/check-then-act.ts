/** A cache that looks, waits, and then fills what somebody else may have filled meanwhile. */
import { Mutex, join, spawn, yieldNow, type Body } from "millrace";
import { get, type Steps, type Style } from "../../both-styles.ts";
import type { Mutant } from "./mutant.ts";

class Cache {
  loads: number = 0;
  readonly #turn: Mutex<string | null> = new Mutex<string | null>(null);
  #value: string | null = null;

  *#load(): Steps<string> {
    this.loads++;
    yield* get(yieldNow());
    return (this.#value = "loaded");
  }
  *broken(): Steps<string> {
    return this.#value ?? (yield* this.#load());
  }
  *fixed(): Steps<string> {
    const guard = yield* get(this.#turn.lock());
    try {
      return this.#value ?? (yield* this.#load());
    } finally {
      guard.release();
    }
  }
}

export const checkThenAct: Mutant = {
  name: "check, wait, then act",
  failure: /loaded 2 times/,
  options: {},
  program: ({ body }: Style, isBroken) =>
    body(function* () {
      const cache = new Cache();
      const use = body(() => (isBroken ? cache.broken() : cache.fixed()));
      yield* get(join(spawn(use, { name: "a" }), spawn(use, { name: "b" })));
      if (cache.loads !== 1) throw new Error(`loaded ${cache.loads} times`);
    }) as Body<void>,
};
