/** The protocols in shared memory, under every order of their operations (atomics-model.ts). */
import { describe, expect, test } from "vitest";
import { HintRing } from "../../src/threads/hint-ring.ts";
import { Layout } from "../../src/threads/layout.ts";
import { BLOCKED, IDLE, Parking } from "../../src/threads/parking.ts";
import { SharedBits } from "../../src/threads/shared-bits.ts";
import { EMPTY, FULL, SENT_IT, SharedRing } from "../../src/threads/shared-ring.ts";
import { dismiss, isActing, Tenure } from "../../src/threads/tenure.ts";
import { explore, type Program } from "./atomics-model.ts";

const limit = { timeout: 120_000 };
const layout = new Layout(2);
const memoryOf = (words: number): SharedArrayBuffer => new SharedArrayBuffer(words * 4);
const wordsOf = (memory: SharedArrayBuffer): Int32Array => new Int32Array(memory);

describe("a ring of hints", () => {
  const ring = (memory: SharedArrayBuffer): HintRing => new HintRing(wordsOf(memory), 0, layout.block(2));
  const size = layout.block(2) + 4096;

  test("gives each hint once, to its owner or to a thief", limit, () => {
    const program = (): Program => {
      const memory = memoryOf(size);
      const own = ring(memory);
      for (const hint of [1, 2, 3]) own.push(hint);
      const taker = (): number[] => {
        const taken: number[] = [];
        for (let hint = ring(memory).take(); hint >= 0; hint = ring(memory).take()) taken.push(hint);
        return taken;
      };
      return {
        memory,
        threads: [() => (ring(memory).push(4), taker()), taker],
        check: (results) => {
          const taken = results.flat() as number[];
          expect(taken.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
        },
      };
    };
    expect(explore(program, 2)).toBeGreaterThan(100);
  });
});

describe("a set of bits", () => {
  test("loses none, and says to wake whoever empties it", limit, () => {
    const bits = (memory: SharedArrayBuffer): SharedBits => new SharedBits(wordsOf(memory), 0, 1, 1);
    const program = (): Program => {
      const memory = memoryOf(4);
      const taken: number[] = [];
      const take = (): number[] => {
        const seen: number[] = [];
        bits(memory).take(seen);
        return seen;
      };
      return {
        memory,
        threads: [() => bits(memory).add(3), () => bits(memory).add(5), take],
        check: (results) => {
          taken.push(...(results[2] as number[]));
          // What was missed has left it dirty, and whoever made it so was told.
          const left = take();
          expect([...taken, ...left].toSorted((a, b) => a - b)).toEqual([3, 5]);
          if (left.length > 0) expect(results.slice(0, 2)).toContain(true);
        },
      };
    };
    expect(explore(program, 3)).toBeGreaterThan(20);
  });
});

describe("a thread that is dismissed while it may still run", () => {
  const [TENURE, TURN, DATA] = [0, 1, 2];
  const program = (actsInTurns: boolean) => (): Program => {
    const memory = memoryOf(4);
    const GONE = Symbol("gone");
    const exit = (): never => {
      throw GONE;
    };
    const old = (): void => {
      const words = wordsOf(memory);
      const tenure = new Tenure(words, TENURE, TURN, 0, { actsInTurns, exit });
      try {
        for (let turn = 0; turn < 2; turn++) {
          tenure.begin();
          Atomics.store(words, DATA, 1);
          const turns = tenure.pause();
          tenure.resume(turns);
          Atomics.store(words, DATA, 1);
          tenure.end();
        }
      } catch (error) {
        if (error !== GONE) throw error;
      }
    };
    const main = (): boolean => {
      const words = wordsOf(memory);
      dismiss(words, TENURE, 0);
      if (isActing(words, TURN)) return false;
      // Its successor.
      Atomics.store(words, DATA, 2);
      return true;
    };
    return {
      memory,
      threads: [old, main],
      check: ([, hasSuccessor]) => {
        if (hasSuccessor) expect(Atomics.load(wordsOf(memory), DATA)).toBe(2);
      },
    };
  };

  test("writes nothing any more once it is seen to be away", limit, () => {
    expect(explore(program(true), 3)).toBeGreaterThan(20);
    expect(() => explore(program(false), 3)).toThrow("schedule");
  });
});

interface How {
  readonly sleeps: typeof BLOCKED | typeof IDLE;
  readonly looksAgain: boolean;
  readonly wakesMore: boolean;
}
const right: How = { sleeps: BLOCKED, looksAgain: true, wakesMore: true };

describe("parking", () => {
  const ringStart = layout.ring(0);
  const parts = (memory: SharedArrayBuffer): { parking: Parking; ring: HintRing } => {
    const words = wordsOf(memory);
    return { parking: new Parking(words, layout), ring: new HintRing(words, layout.block(0), ringStart) };
  };
  /** Looks, searches, and sleeps, as the loop of a thread does, until it has a hint. */
  const worker = (memory: SharedArrayBuffer, self: number, how: How) => (): number => {
    const { sleeps, looksAgain, wakesMore } = how;
    const { parking, ring } = parts(memory);
    let owesWaking = false;
    const found = (hint: number): number => {
      if (owesWaking && wakesMore && !ring.isEmpty) parking.wakeOne();
      return hint;
    };
    for (;;) {
      parking.rise(self);
      let hint = ring.take();
      if (hint >= 0) return found(hint);
      if (parking.beginSearch(self)) {
        hint = ring.take();
        parking.endSearch(self);
        owesWaking = true;
        if (hint >= 0) return found(hint);
      }
      parking.announce(self, sleeps);
      if (looksAgain && !ring.isEmpty) continue;
      if (sleeps === BLOCKED) parking.block(self, Infinity);
      else void parking.idle(self);
    }
  };
  const program = (how: How, workers: number) => (): Program => {
    const memory = memoryOf(layout.slot(0));
    const publish = (): void => {
      const { parking, ring } = parts(memory);
      for (let hint = 1; hint <= workers; hint++) {
        ring.push(hint);
        parking.wakeOne();
      }
    };
    const threads = [worker(memory, 1, how), worker(memory, 2, how)].slice(0, workers);
    return {
      memory,
      threads: [publish, ...threads],
      check: (_, asleep) => {
        if (asleep.length > 0 && !parts(memory).ring.isEmpty) throw new Error("sleeps beside a task");
      },
    };
  };

  test.each([BLOCKED, IDLE] as const)(
    "never leaves a task beside a thread that sleeps, in Atomics.wait or in its event loop (%i)",
    limit,
    (sleeps) => {
      const how = { ...right, sleeps };
      expect(explore(program(how, 1), 3)).toBeGreaterThan(50);
      expect(explore(program(how, 2), 1, 2000)).toBeGreaterThan(50);
    },
  );
  test("would, if a thread did not look again after it said that it sleeps", limit, () => {
    expect(() => explore(program({ ...right, looksAgain: false }, 1), 3)).toThrow("sleeps beside a task");
  });
  test("would, if a thread that has searched did not wake one more", limit, () => {
    const wrong = { ...right, wakesMore: false };
    expect(() => explore(program(wrong, 2), 1, 2000)).toThrow("sleeps beside a task");
  });
});

type Handle = readonly [place: number, life: number];

describe("a channel", () => {
  const receiver = (memory: SharedArrayBuffer) => (): unknown => {
    const ring = new SharedRing(memory, 0);
    for (;;) {
      const epoch = ring.notEmpty.prepare();
      const value = ring.receive(false);
      if (value !== EMPTY) return value;
      ring.notEmpty.arm(epoch);
    }
  };

  const channel = (capacity: number): { memory: SharedArrayBuffer; handle: Handle } => {
    const ring = SharedRing.create(capacity, 64);
    return { memory: ring.memory, handle: ring.open()! };
  };
  /** All that come until it is over. */
  const drain = (ring: SharedRing): unknown[] => {
    const received: unknown[] = [];
    for (;;) {
      const epoch = ring.notEmpty.prepare();
      const value = ring.receive(false);
      if (value !== EMPTY) received.push(value);
      else if (ring.isOver) return received;
      else ring.notEmpty.arm(epoch);
    }
  };
  /** Waits for room, and says how that ended. */
  const sendWaiting = (ring: SharedRing, value: number, handle: Handle): number => {
    for (;;) {
      const epoch = ring.notFull.prepare();
      const result = ring.send(value, ...handle);
      if (result !== FULL) return result;
      ring.notFull.arm(epoch);
    }
  };
  const sent = (values: readonly number[], results: readonly number[]): number[] =>
    values.filter((_, i) => results[i] === SENT_IT);

  test("gives what was sent while it was closed, and ends for everybody", limit, () => {
    const program = (): Program => {
      const { memory, handle } = channel(1);
      const sender = (): number[] => {
        const ring = new SharedRing(memory, 0);
        return [1, 2].map((value) => sendWaiting(ring, value, handle));
      };
      const closing = (): unknown[] => {
        const ring = new SharedRing(memory, 0);
        ring.closeReceiver();
        return drain(ring);
      };
      return {
        memory,
        threads: [sender, closing],
        check: (results, asleep) => {
          if (asleep.length > 0) throw new Error("sleeps though it is over");
          expect(results[1]).toEqual(sent([1, 2], results[0] as number[]));
        },
      };
    };
    expect(explore(program, 2, 2000)).toBeGreaterThan(50);
  });
  test("gives what was sent through a handle that another thread closed", limit, () => {
    const program = (): Program => {
      const { memory, handle } = channel(2);
      return {
        memory,
        threads: [
          () => {
            // The second finds that the handle was open not long ago.
            const ring = new SharedRing(memory, 0);
            return [1, 2].map((value) => ring.send(value, ...handle));
          },
          () => new SharedRing(memory, 0).close(...handle),
          () => drain(new SharedRing(memory, 0)),
        ],
        check: (results, asleep) => {
          if (asleep.length > 0) throw new Error("sleeps though it is over");
          expect(results[2]).toEqual(sent([1, 2], results[0] as number[]));
        },
      };
    };
    expect(explore(program, 2, 2000)).toBeGreaterThan(50);
  });
  test("lets no sender sleep beside room, also when senders are in each other's way", limit, () => {
    const program = (): Program => {
      const { memory, handle } = channel(1);
      const sender = (value: number) => (): number => sendWaiting(new SharedRing(memory, 0), value, handle);
      const two = (): unknown[] => [receiver(memory)(), receiver(memory)()];
      return {
        memory,
        threads: [sender(1), sender(2), two],
        check: (results, asleep) => {
          if (asleep.length > 0) throw new Error("sleeps beside room");
          expect(new Set(results[2] as number[])).toEqual(new Set([1, 2]));
        },
      };
    };
    expect(explore(program, 2, 2000)).toBeGreaterThan(100);
  });

  test("lets no receiver sleep beside a message, also when receivers are in each other's way", limit, () => {
    const program = (): Program => {
      const { memory, handle } = channel(4);
      const sender = (): void => {
        const ring = new SharedRing(memory, 0);
        ring.send(1, ...handle);
        ring.send(2, ...handle);
      };
      return {
        memory,
        threads: [sender, receiver(memory), receiver(memory)],
        check: (results, asleep) => {
          if (asleep.length > 0) throw new Error("sleeps beside a message");
          expect(new Set(results.slice(1))).toEqual(new Set([1, 2]));
        },
      };
    };
    expect(explore(program, 2, 500)).toBeGreaterThan(100);
  });
});
