/** A pool is shut down while calls are queued, run, wait for room and are being aborted: each settles once. */
import { Runtime, spawn, type JoinHandle, type Outcome } from "millrace";
import { ThreadError, ThreadPool } from "millrace/threads";
import { describe, expect, test, vi } from "vitest";
import { get, styles } from "../both-styles.ts";
import * as work from "./fixtures/work.ts";

// Nothing here rests on time; but threads take seconds to begin on a machine with much else to do.
vi.setConfig({ testTimeout: 60_000 });

const CALLS = 400;
/** So many may be under way and queued; the others wait for room. */
const QUEUE = 150;
type Arguments = Parameters<typeof work.counted>;

/** Many calls, each counted where it begins and where it settles. A third of them is aborted. */
class Load {
  readonly #began = new Int32Array(new SharedArrayBuffer(CALLS * 4));
  readonly #settled: number[] = Array.from({ length: CALLS }, () => 0);
  readonly #outcomes: Outcome<unknown>[] = [];
  readonly #all: Promise<unknown>;
  #some = Promise.withResolvers<void>();

  constructor(begin: (i: number, args: Arguments) => JoinHandle<unknown>) {
    const handles = this.#began.keys().map((i) => {
      // What only a message can carry is bound to one thread; the rest is for any.
      const shared = i % 4 < 2 ? this.#began.buffer : undefined;
      const handle = begin(i, [shared, i, work.ways[i % work.ways.length]!]);
      if (i % 6 === 0) handle.abort();
      if (i % 6 === 3) setTimeout(() => handle.abort(), i % 8);
      return handle.settled().then((outcome) => this.#hear(i, outcome));
    });
    this.#all = Promise.all(handles);
  }
  #hear(i: number, outcome: Outcome<unknown>): void {
    this.#settled[i]!++;
    this.#outcomes[i] = outcome;
    if (outcome.status === "fulfilled") this.#some.resolve();
  }

  /** One has ended well, and the others are under way. */
  get underWay(): Promise<void> {
    return this.#some.promise;
  }

  /** `isCutOff`: what ran may have been ended with its thread. */
  async check(isCutOff: boolean): Promise<void> {
    await this.#all;
    expect(this.#settled).toEqual(this.#settled.map(() => 1));
    for (const [i, outcome] of this.#outcomes.entries()) {
      const began = this.#began[i]!;
      const isCounted = i % 4 < 2;
      const what = `call ${i}: ${JSON.stringify(outcome)}, began ${began} times`;
      expect(began, what).toBeLessThanOrEqual(1);
      if (outcome.status === "cancelled") continue;
      if (outcome.status === "rejected" && outcome.reason instanceof ThreadError) {
        expect(isCutOff, what).toBe(true);
        continue;
      }
      if (isCounted) expect(began, what).toBe(1);
      if (outcome.status === "fulfilled") expect(outcome.value, what).toBe(i);
      else expect(outcome.reason, what).toMatchObject({ name: "ParseError", message: String(i) });
    }
  }
}

interface Ending {
  readonly how: string;
  readonly end: (pool: ThreadPool) => Promise<unknown>;
  readonly isCutOff: boolean;
}
const endings: readonly Ending[] = [
  { how: "without a limit", end: (pool) => pool.shutdown(), isCutOff: false },
  { how: "within a limit", end: (pool) => pool.shutdown({ timeout: 10 }), isCutOff: true },
  { how: "at once", end: (pool) => pool.shutdown({ timeout: 0 }), isCutOff: true },
  {
    how: "twice",
    end: (pool) => Promise.all([pool.shutdown(), pool.shutdown({ timeout: 5 })]),
    isCutOff: true,
  },
  { how: "by the end of its block", end: (pool) => pool[Symbol.asyncDispose](), isCutOff: false },
];

describe.each(styles)("in $name style", ({ body }) => {
  test.each(endings)("a pool that is shut down $how settles every call once", async ({ end, isCutOff }) => {
    const pool = new ThreadPool({ threads: 2, name: "ending", queue: QUEUE });
    const load = new Load((i, args) => {
      if (i % 2 === 0) return pool.spawn(work.counted, ...args);
      return spawn(
        body(function* () {
          return yield* get(work.counted.with({ pool })(...args));
        }),
      );
    });
    await load.underWay;
    await end(pool);
    await load.check(isCutOff);
    expect(pool.metrics()).toMatchObject({ threads: 0, queued: 0, running: 0 });
    await expect(pool.spawn(work.double, 1)).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });

  test.each([
    { how: "without a limit", timeout: undefined },
    { how: "within a limit", timeout: 10 },
    { how: "at once", timeout: 0 },
  ])("a runtime that is shut down $how settles every call on its own pool once", async ({ timeout }) => {
    const runtime = new Runtime({ threads: 2, name: "ending" });
    const load = new Load((i, args) => {
      if (i % 2 === 0) return runtime.spawn(work.counted(...args));
      return runtime.spawn(
        body(function* () {
          return yield* get(work.counted(...args));
        }),
      );
    });
    await load.underWay;
    await runtime.shutdown(timeout === undefined ? {} : { timeout });
    await load.check(false);
    expect((await runtime.spawn(work.double(1)).settled()).status).toBe("cancelled");
  });
});
