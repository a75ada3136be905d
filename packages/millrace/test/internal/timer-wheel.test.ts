import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { earliestIn, Timer, TimerWheel } from "../../src/internal/timer-wheel.ts";
import { randomPrograms } from "../random-programs.ts";

const YEAR = 365 * 24 * 3600 * 1000;
const WHEEL_SPAN = 2 ** 36;

class Entry extends Timer {
  readonly name: string;
  readonly onFire: () => void;

  constructor(name: string = "", onFire: () => void = () => {}) {
    super();
    this.name = name;
    this.onFire = onFire;
  }
  override fire(): void {
    this.onFire();
  }
}

/** Fires everything that is due by `tick`; the names, in order. */
function fireUpTo(wheel: TimerWheel, tick: number): string[] {
  wheel.advance(tick);
  const fired: string[] = [];
  for (let entry = wheel.popExpired(); entry !== null; entry = wheel.popExpired()) {
    fired.push((entry as Entry).name);
    entry.fire();
  }
  return fired;
}

function insert(wheel: TimerWheel, tick: number, name: string = String(tick)): Entry {
  const entry = new Entry(name);
  wheel.insert(entry, tick);
  return entry;
}

describe("a deadline", () => {
  test("is met exactly, neither early nor late, at every slot and level boundary", () => {
    for (const start of [0, 5, 63, 64, 4095, 4096, 2 ** 30 - 1, 2 ** 31, 2 ** 32 + 1, WHEEL_SPAN - 2]) {
      for (let level = 0; level <= 7; level++) {
        for (const offset of [-1, 0, 1, 59, 63, 65]) {
          const tick = start + 64 ** level + offset;
          if (tick <= start) continue;
          const wheel = new TimerWheel(start);
          insert(wheel, tick);
          expect(earliestIn(wheel)).toBe(tick);
          expect(fireUpTo(wheel, tick - 1)).toEqual([]);
          expect(fireUpTo(wheel, tick)).toEqual([String(tick)]);
          expect(wheel.size).toBe(0);
        }
      }
    }
  });

  test("is exact for 1, 10 and 60 ms, and for 60 ms started at 5 ms (SLP-02)", () => {
    for (const [start, delay] of [
      [0, 1],
      [0, 10],
      [0, 60],
      [5, 60],
    ] as const) {
      const wheel = new TimerWheel(start);
      insert(wheel, start + delay, "sleep");
      expect(fireUpTo(wheel, start + delay - 1)).toEqual([]);
      expect(fireUpTo(wheel, start + delay)).toEqual(["sleep"]);
    }
  });

  test("that has passed is met one tick later", () => {
    const wheel = new TimerWheel(100);
    const entry = insert(wheel, 7, "late");
    expect(entry.tick).toBe(101);
    expect(fireUpTo(wheel, 100)).toEqual([]);
    expect(fireUpTo(wheel, 101)).toEqual(["late"]);
  });

  test("5 or 10 years away, or at the largest safe integer, does not fire early (SLP-05)", () => {
    const wheel = new TimerWheel();
    for (const tick of [10 * YEAR, Number.MAX_SAFE_INTEGER, 5 * YEAR, Number.MAX_SAFE_INTEGER - 1]) {
      insert(wheel, tick);
    }
    expect(fireUpTo(wheel, 5 * YEAR - 1)).toEqual([]);
    expect(fireUpTo(wheel, 5 * YEAR)).toEqual([String(5 * YEAR)]);
    expect(fireUpTo(wheel, Number.MAX_SAFE_INTEGER - 2)).toEqual([String(10 * YEAR)]);
    expect(fireUpTo(wheel, Number.MAX_SAFE_INTEGER)).toEqual([
      String(Number.MAX_SAFE_INTEGER - 1),
      String(Number.MAX_SAFE_INTEGER),
    ]);
  });

  test("of infinity never comes, and does not hide a tiny one (SLP-09)", () => {
    const wheel = new TimerWheel();
    const never = insert(wheel, Infinity, "never");
    expect(wheel.nextTick()).toBe(Infinity);
    insert(wheel, 1, "tiny");
    expect(earliestIn(wheel)).toBe(1);
    expect(fireUpTo(wheel, 2 ** 53)).toEqual(["tiny"]);
    wheel.remove(never);
    expect(wheel.size).toBe(0);
  });

  test("year after year adds up to ten years exactly (SLP-05)", () => {
    const wheel = new TimerWheel();
    for (let year = 1; year <= 10; year++) {
      insert(wheel, wheel.elapsed + YEAR, "year");
      expect(fireUpTo(wheel, earliestIn(wheel))).toEqual(["year"]);
      expect(wheel.elapsed).toBe(year * YEAR);
    }
  });
});

describe("the order of firing", () => {
  test("is by deadline, however far one advance goes", () => {
    const wheel = new TimerWheel(3);
    const ticks = [2 ** 40, 64, 4, 4096, 70, 2 ** 36, 65, 262_144, 2 ** 37, 5, 4097];
    for (const tick of ticks) insert(wheel, tick);
    expect(fireUpTo(wheel, 2 ** 41)).toEqual(ticks.toSorted((a, b) => a - b).map(String));
  });

  test("is by insertion among equal deadlines, though they came by way of different levels", () => {
    const deadline = 2 ** 37 + 4096 + 64 + 1;
    const wheel = new TimerWheel();
    const names: string[] = [];
    for (const before of [2 ** 37, 2 ** 36, 2 ** 31, 5000, 4096, 100, 64, 63, 2, 1]) {
      wheel.advance(deadline - before);
      names.push(String(before));
      insert(wheel, deadline, String(before));
    }
    expect(fireUpTo(wheel, deadline)).toEqual(names);
  });

  test("puts an entry that is inserted again behind the others of its tick", () => {
    const wheel = new TimerWheel();
    const first = insert(wheel, 500, "first");
    insert(wheel, 500, "second");
    wheel.insert(first, 500);
    expect(wheel.size).toBe(2);
    expect(fireUpTo(wheel, 500)).toEqual(["second", "first"]);
  });
});

describe("a callback", () => {
  test("may remove a sibling that is due at the same 64 ms boundary (DQ-06, SLP-08)", () => {
    const wheel = new TimerWheel();
    const sibling = new Entry("sibling");
    wheel.insert(new Entry("first", () => wheel.remove(sibling)), 64);
    wheel.insert(sibling, 64);
    insert(wheel, 64, "last");
    expect(fireUpTo(wheel, 64)).toEqual(["first", "last"]);
    expect(sibling.slot).toBe(-1);
    expect(wheel.size).toBe(0);
  });

  test("may move a due sibling into another slot, and then remove it (SLP-08)", () => {
    const wheel = new TimerWheel();
    const moved = new Entry("moved");
    const dropped = new Entry("dropped");
    wheel.insert(
      new Entry("first", () => {
        wheel.insert(moved, 5000);
        wheel.insert(dropped, 5000);
        wheel.remove(dropped);
      }),
      10,
    );
    wheel.insert(moved, 10);
    wheel.insert(dropped, 11);
    expect(fireUpTo(wheel, 64)).toEqual(["first"]);
    expect(fireUpTo(wheel, 5000)).toEqual(["moved"]);
  });

  test("that inserts its own entry for now fires at the next tick, not in a loop", () => {
    const wheel = new TimerWheel();
    const entry: Entry = new Entry("again", () => wheel.insert(entry, wheel.elapsed));
    wheel.insert(entry, 1);
    expect(fireUpTo(wheel, 10)).toEqual(["again"]);
    expect(entry.tick).toBe(11);
    expect(fireUpTo(wheel, 11)).toEqual(["again"]);
  });

  test("that is not reached yet keeps its turn when time goes on", () => {
    const wheel = new TimerWheel();
    for (const tick of [1, 2, 3, 9]) insert(wheel, tick);
    wheel.advance(2);
    expect(wheel.popExpired()?.tick).toBe(1);
    expect([wheel.size, earliestIn(wheel), wheel.nextTick()]).toEqual([3, 2, 2]);
    expect(fireUpTo(wheel, 9)).toEqual(["2", "3", "9"]);
  });
});

describe("the wheel", () => {
  test("is empty again after everything was removed, from every level and the overflow list", () => {
    const wheel = new TimerWheel(1);
    const entries = [2, 70, 5000, 300_000, 2 ** 25, 2 ** 31, 2 ** 37, 2 ** 45].map((tick) =>
      insert(wheel, tick),
    );
    for (const entry of entries) {
      wheel.remove(entry);
      wheel.remove(entry);
      expect([entry.slot, entry.prevTimer, entry.nextTimer]).toEqual([-1, null, null]);
    }
    expect([wheel.size, wheel.nextTick(), earliestIn(wheel)]).toEqual([0, Infinity, Infinity]);
    expect(fireUpTo(wheel, 2 ** 46)).toEqual([]);
  });

  test("does not go back in time", () => {
    const wheel = new TimerWheel(100);
    insert(wheel, 200);
    wheel.advance(50);
    expect(wheel.elapsed).toBe(100);
    expect(fireUpTo(wheel, 200)).toEqual(["200"]);
  });

  test("forgets the far deadline it once waited for", () => {
    const wheel = new TimerWheel();
    wheel.remove(insert(wheel, 3 * WHEEL_SPAN));
    wheel.advance(5 * WHEEL_SPAN + 17);
    insert(wheel, 9 * WHEEL_SPAN);
    wheel.remove(insert(wheel, 6 * WHEEL_SPAN));
    expect(earliestIn(wheel)).toBe(9 * WHEEL_SPAN);
    wheel.advance(7 * WHEEL_SPAN + 1);
    expect(wheel.elapsed).toBe(7 * WHEEL_SPAN + 1);
    expect(earliestIn(wheel)).toBe(9 * WHEEL_SPAN);
    expect(fireUpTo(wheel, 9 * WHEEL_SPAN)).toEqual([String(9 * WHEEL_SPAN)]);
  });

  test("needs few stops to come near to a deadline that is years away", () => {
    const wheel = new TimerWheel();
    const deadline = 7 * WHEEL_SPAN + 123_456_789_012;
    insert(wheel, deadline);
    let stops = 0;
    while (wheel.popExpired() === null) {
      wheel.advance(wheel.nextTick());
      stops++;
    }
    expect(wheel.elapsed).toBe(deadline);
    expect(stops).toBeLessThanOrEqual(7);
  });
});

/** The same by definition: a sorted list. */
class Model {
  elapsed: number;
  #order: number = 0;
  readonly #entries: Map<Entry, { tick: number; order: number }> = new Map();

  constructor(elapsed: number) {
    this.elapsed = elapsed;
  }
  insert(entry: Entry, tick: number): void {
    this.#entries.set(entry, { tick: Math.max(tick, this.elapsed + 1), order: this.#order++ });
  }
  remove(entry: Entry): void {
    this.#entries.delete(entry);
  }
  get size(): number {
    return this.#entries.size;
  }
  earliest(): number {
    return Math.min(...Array.from(this.#entries.values(), (at) => at.tick));
  }
  popExpired(): Entry | null {
    const [first] = [...this.#entries].toSorted(([, a], [, b]) => a.tick - b.tick || a.order - b.order);
    if (first === undefined || first[1].tick > this.elapsed) return null;
    this.#entries.delete(first[0]);
    return first[0];
  }
}

/** Delays around every boundary, small ones, and any at all. */
const delay = fc.oneof(
  fc.integer({ min: 0, max: 130 }),
  fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: -2, max: 2 }))
    .map(([level, offset]) => 64 ** level + offset),
  fc.constantFrom(63, 64, 4095, 4096, YEAR, 5 * YEAR),
  fc.integer({ min: 0, max: 2 ** 50 }),
);
const index = fc.nat({ max: 15 });
const change = fc.oneof(
  fc.record({ do: fc.constant("insert" as const), index, delay }),
  // The next multiple of a slot's span, so that deadlines meet, coming from different levels.
  fc.record({
    do: fc.constant("align" as const),
    index,
    level: fc.nat({ max: 7 }),
    plus: fc.nat({ max: 1 }),
  }),
  fc.record({ do: fc.constant("remove" as const), index }),
);
const step = fc.oneof(
  { weight: 4, arbitrary: change },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("advance" as const), delay }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("advanceToNext" as const), short: fc.nat({ max: 1 }) }),
  },
  // Pops up to `count`; the callback of each makes a change.
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("fire" as const),
      count: fc.integer({ min: 1, max: 8 }),
      change: fc.option(change, { nil: undefined }),
    }),
  },
);

test("the wheel does what a sorted list does", () => {
  const start = fc.oneof(fc.constantFrom(0, 63, 4095, 2 ** 31 - 1, WHEEL_SPAN - 1), fc.nat(2 ** 31 - 1));
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 120 }), (startTick, program) => {
      const wheel = new TimerWheel(startTick);
      const model = new Model(startTick);
      const entries = Array.from({ length: 16 }, (_, at) => new Entry(String(at)));

      const apply = (todo: typeof change extends fc.Arbitrary<infer C> ? C : never): void => {
        const entry = entries[todo.index]!;
        if (todo.do === "remove") {
          wheel.remove(entry);
          model.remove(entry);
          return;
        }
        const span = todo.do === "align" ? 64 ** todo.level : 1;
        const tick =
          todo.do === "insert"
            ? wheel.elapsed + todo.delay
            : (Math.floor(wheel.elapsed / span) + 1) * span + todo.plus;
        wheel.insert(entry, tick);
        model.insert(entry, tick);
      };
      const advance = (tick: number): void => {
        wheel.advance(tick);
        model.elapsed = Math.max(model.elapsed, tick);
      };

      for (const todo of program) {
        if (todo.do === "advance") advance(wheel.elapsed + todo.delay);
        else if (todo.do === "advanceToNext") {
          const tick = wheel.nextTick();
          if (tick !== Infinity) advance(tick - todo.short);
        } else if (todo.do === "fire") {
          for (let count = 0; count < todo.count; count++) {
            const popped = wheel.popExpired() as Entry | null;
            expect(popped?.name).toBe(model.popExpired()?.name);
            if (popped === null) break;
            if (todo.change !== undefined) apply(todo.change);
          }
        } else apply(todo);

        const earliest = model.earliest();
        expect(wheel.elapsed).toBe(model.elapsed);
        expect(wheel.size).toBe(model.size);
        expect(earliestIn(wheel)).toBe(earliest);
        const next = wheel.nextTick();
        if (earliest === Infinity || earliest <= wheel.elapsed + 1) expect(next).toBe(earliest);
        else expect(next > wheel.elapsed && next <= earliest).toBe(true);
        for (const entry of entries) {
          if (entry.slot === -1) expect([entry.prevTimer, entry.nextTimer]).toEqual([null, null]);
        }
      }
    }),
    randomPrograms(),
  );
});
