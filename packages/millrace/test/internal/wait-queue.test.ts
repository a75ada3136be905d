import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { WaitQueue, type Waiter } from "../../src/runtime/wait-queue.ts";
import { randomPrograms } from "../random-programs.ts";

/** A waiter's place and how often it was woken. */
class Party {
  wakes: number = 0;
  waiter: Waiter | null = null;
  onWake: () => void = () => {};
  wake(): void {
    this.wakes++;
    this.onWake();
  }
  enter(queue: WaitQueue, need: number = 1): this {
    this.waiter = queue.enter(need, this);
    return this;
  }
}

function parties(queue: WaitQueue, ...needs: number[]): Party[] {
  return needs.map((need) => new Party().enter(queue, need));
}

test("what is free is taken at once, and nobody barges past a waiter", () => {
  const queue = new WaitQueue(2);
  expect([queue.tryTake(1), queue.tryTake(2)]).toEqual([true, false]);
  const [large] = parties(queue, 2);
  expect([queue.available, queue.tryTake(1)]).toEqual([0, false]);
  queue.give(1);
  expect([large!.waiter!.isGranted, large!.wakes, queue.isEmpty]).toEqual([true, 1, true]);
});

test("nothing can be taken at any time, also while others wait", () => {
  const queue = new WaitQueue(0);
  parties(queue, 1);
  expect(queue.tryTake(0)).toBe(true);
});

test("a large request at the head collects what comes free, and is not overtaken", () => {
  const queue = new WaitQueue(0);
  const [large, small] = parties(queue, 3, 1);
  queue.give(2);
  expect([large!.waiter!.held, large!.wakes, small!.wakes]).toEqual([2, 0, 0]);
  queue.give(2);
  expect([large!.wakes, small!.wakes, queue.available]).toEqual([1, 1, 0]);
});

test("one give serves many, and what nobody waits for stays free", () => {
  const queue = new WaitQueue(0);
  const all = parties(queue, 1, 2, 1);
  queue.give(10);
  expect(all.map(({ wakes }) => wakes)).toEqual([1, 1, 1]);
  expect(queue.available).toBe(6);
});

test("an abandoned waiter passes on what it had collected, in part or in full", () => {
  const queue = new WaitQueue(0);
  const [large, small, last] = parties(queue, 3, 1, 1);
  queue.give(2);
  queue.abandon(large!.waiter!);
  expect([small!.wakes, last!.wakes, queue.available]).toEqual([1, 1, 0]);
  queue.abandon(small!.waiter!);
  expect(queue.available).toBe(1);
  queue.abandon(small!.waiter!);
  expect(queue.available).toBe(1);
});

test("what was given to the latest passes to the latest again", () => {
  const queue = new WaitQueue(0);
  const [first, second, third] = parties(queue, 1, 1, 1);
  queue.giveLatest();
  queue.abandon(third!.waiter!);
  expect([first!.wakes, second!.wakes, third!.wakes]).toEqual([0, 1, 1]);
  queue.abandon(second!.waiter!);
  queue.abandon(first!.waiter!);
  expect(queue.available).toBe(1);
});

test("closing fails who waits, frees what they had collected, and leaves what was granted alone", () => {
  const queue = new WaitQueue(0);
  const [granted, collecting, waiting] = parties(queue, 1, 3, 1);
  queue.give(2);
  queue.close();
  expect([granted, collecting, waiting].map((party) => party!.wakes)).toEqual([1, 1, 1]);
  expect([granted, collecting, waiting].map((party) => party!.waiter!.isGranted)).toEqual([
    true,
    false,
    false,
  ]);
  expect([queue.available, queue.waiting, queue.isEmpty]).toEqual([1, 0, true]);
  queue.abandon(granted!.waiter!);
  queue.abandon(collecting!.waiter!);
  expect(queue.available).toBe(2);
});

test("granting all uses nothing up, and abandoning one of them passes nothing on", () => {
  const queue = new WaitQueue(0);
  const all = parties(queue, 1, 1);
  queue.grantAll();
  expect(all.map(({ waiter }) => waiter!.isGranted)).toEqual([true, true]);
  const [later] = parties(queue, 1);
  queue.abandon(all[0]!.waiter!);
  expect([later!.wakes, queue.available]).toEqual([0, 0]);
});

test("the queue is consistent when a waker joins, takes and gives from within", () => {
  const queue = new WaitQueue(0);
  const [first, second] = parties(queue, 1, 1);
  const joined = new Party();
  const seen: unknown[] = [];
  first!.onWake = () => {
    seen.push(queue.available, queue.tryTake(1), second!.waiter!.isGranted);
    joined.enter(queue);
    queue.give(1);
  };
  queue.give(3);
  expect(seen).toEqual([1, true, true]);
  expect([second!.wakes, joined.wakes, queue.available, queue.waiting]).toEqual([1, 1, 0, 0]);
});

test("a waiter that an earlier waker makes go is not woken, and what it was granted moves on", () => {
  const queue = new WaitQueue(0);
  const [first, second, third] = parties(queue, 1, 1, 1);
  first!.onWake = () => queue.abandon(second!.waiter!);
  queue.give(2);
  expect([first!.wakes, second!.wakes, third!.wakes]).toEqual([1, 0, 1]);
});

test("a waiter that joins while all are granted is not part of it", () => {
  const queue = new WaitQueue(0);
  const [first] = parties(queue, 1, 1);
  const joined = new Party();
  first!.onWake = () => void joined.enter(queue);
  queue.grantAll();
  expect([joined.wakes, queue.waiting]).toEqual([0, 1]);
});

test.each(["give", "grantAll", "close"] as const)(
  "a waker that throws is reported, and costs the others nothing: %s",
  (operation) => {
    const queue = new WaitQueue(0);
    const all = parties(queue, 1, 1, 1);
    all[1]!.onWake = () => {
      throw new Error("from a waker");
    };
    const report = vi.spyOn(console, "error").mockImplementation(() => {});
    if (operation === "give") queue.give(3);
    else queue[operation]();
    expect(report.mock.calls).toEqual([["millrace: a waker threw:", new Error("from a waker")]]);
    report.mockRestore();
    expect(all.map(({ wakes }) => wakes)).toEqual([1, 1, 1]);
    expect([queue.waiting, queue.available]).toEqual([0, 0]);
  },
);

// ── against a naive model

type Op =
  | { readonly op: "tryTake" | "enter" | "give"; readonly count: number }
  | { readonly op: "giveLatest" | "close" | "grantAll" }
  | { readonly op: "abandon" | "take"; readonly at: number };

interface ModelWaiter {
  readonly need: number;
  held: number;
  state: "waiting" | "granted" | "closed" | "gone";
  isLatest: boolean;
  wakes: number;
}

class Model {
  available: number;
  queue: ModelWaiter[] = [];
  readonly all: ModelWaiter[] = [];
  constructor(available: number) {
    this.available = available;
  }
  tryTake(count: number): boolean {
    if (count > 0 && (this.queue.length > 0 || this.available < count)) return false;
    this.available -= count;
    return true;
  }
  enter(need: number): void {
    const waiter: ModelWaiter = {
      need,
      held: this.available,
      state: "waiting",
      isLatest: false,
      wakes: 0,
    };
    this.available = 0;
    this.queue.push(waiter);
    this.all.push(waiter);
  }
  give(count: number): void {
    for (let i = 0; i < count; i++) {
      const head = this.queue[0];
      if (head === undefined) this.available++;
      else if (++head.held === head.need) this.grant(head);
    }
  }
  giveLatest(): void {
    const latest = this.queue.at(-1);
    if (latest === undefined) return this.give(1);
    latest.held = latest.need;
    latest.isLatest = true;
    this.grant(latest);
  }
  grant(waiter: ModelWaiter): void {
    this.queue = this.queue.filter((other) => other !== waiter);
    waiter.state = "granted";
    waiter.wakes++;
  }
  release(state: "granted" | "closed"): void {
    for (const waiter of this.queue) {
      this.available += waiter.held;
      waiter.held = 0;
      waiter.state = state;
      waiter.wakes++;
    }
    this.queue = [];
  }
  take(waiter: ModelWaiter): void {
    waiter.state = "gone";
    waiter.held = 0;
  }
  abandon(waiter: ModelWaiter): void {
    const { held } = waiter;
    this.queue = this.queue.filter((other) => other !== waiter);
    this.take(waiter);
    if (held > 0 && waiter.isLatest) this.giveLatest();
    else this.give(held);
  }
}

function stateOf(waiter: Waiter): string {
  if (waiter.isWaiting) return "waiting";
  return waiter.isGranted ? "granted" : "over";
}

/** Runs a program on both and compares everything after every step. */
function check(program: readonly Op[], available: number): void {
  const queue = new WaitQueue(available);
  const model = new Model(available);
  const real: Party[] = [];
  for (const step of program) {
    switch (step.op) {
      case "tryTake":
        expect(queue.tryTake(step.count)).toBe(model.tryTake(step.count));
        break;
      case "enter":
        if (queue.isClosed) break;
        if (queue.tryTake(step.count)) model.tryTake(step.count);
        else {
          real.push(new Party().enter(queue, step.count));
          model.enter(step.count);
        }
        break;
      case "give":
        queue.give(step.count);
        model.give(step.count);
        break;
      case "close":
        queue.close();
        model.release("closed");
        break;
      case "grantAll":
        queue.grantAll();
        model.release("granted");
        break;
      case "giveLatest":
        queue.giveLatest();
        model.giveLatest();
        break;
      default: {
        if (real.length === 0) break;
        const at = step.at % real.length;
        const isGranted = model.all[at]!.state === "granted";
        if (step.op === "abandon") {
          queue.abandon(real[at]!.waiter!);
          model.abandon(model.all[at]!);
        } else if (isGranted) {
          queue.take(real[at]!.waiter!);
          model.take(model.all[at]!);
        }
      }
    }
    expect(queue.available).toBe(model.available);
    expect(queue.waiting).toBe(model.queue.length);
    expect(queue.isEmpty).toBe(model.queue.length === 0);
    for (let at = 0; at < real.length; at++) {
      const { state, held, wakes } = model.all[at]!;
      const waiter = real[at]!.waiter!;
      expect([stateOf(waiter), waiter.held, real[at]!.wakes]).toEqual([
        state === "waiting" || state === "granted" ? state : "over",
        held,
        wakes,
      ]);
    }
  }
}

function programs(needs: fc.Arbitrary<number>, withLatest: boolean): fc.Arbitrary<Op[]> {
  const count = (op: "tryTake" | "enter" | "give", counts: fc.Arbitrary<number>) =>
    counts.map((value): Op => ({ op, count: value }));
  const ops: fc.WeightedArbitrary<Op>[] = [
    { weight: 5, arbitrary: count("enter", needs) },
    { weight: 4, arbitrary: count("give", fc.integer({ min: 0, max: 6 })) },
    { weight: 2, arbitrary: count("tryTake", fc.integer({ min: 0, max: 3 })) },
    { weight: 4, arbitrary: fc.nat(30).map((at): Op => ({ op: "abandon", at })) },
    { weight: 3, arbitrary: fc.nat(30).map((at): Op => ({ op: "take", at })) },
    { weight: 1, arbitrary: fc.constant<Op>({ op: "grantAll" }) },
    { weight: 1, arbitrary: fc.constant<Op>({ op: "close" }) },
  ];
  if (withLatest) ops.push({ weight: 3, arbitrary: fc.constant<Op>({ op: "giveLatest" }) });
  return fc.array(fc.oneof(...ops), { maxLength: 60 });
}

test("random programs with requests of any size behave as an array of waiters does", () => {
  fc.assert(
    fc.property(programs(fc.integer({ min: 1, max: 5 }), false), fc.nat(4), (program, available) =>
      check(program, available),
    ),
    randomPrograms(),
  );
});

test("random programs of notifications, oldest or latest first, behave as an array of waiters does", () => {
  fc.assert(
    fc.property(programs(fc.constant(1), true), (program) => check(program, 0)),
    randomPrograms(),
  );
});

test("ten thousand waiters that leave in random order are all unlinked, and the rest is served in order", () => {
  const queue = new WaitQueue(0);
  const all = parties(queue, ...Array.from({ length: 10_000 }, () => 1));
  const order = fc.sample(
    fc.shuffledSubarray(
      all.map((_, at) => at),
      { minLength: 9_990, maxLength: 9_990 },
    ),
    { numRuns: 1, seed: 7 },
  )[0]!;
  for (const at of order) queue.abandon(all[at]!.waiter!);
  expect(queue.waiting).toBe(10);
  const isOut = ({ wakes, waiter }: Party): boolean =>
    wakes === 0 && waiter!.prev === null && waiter!.next === null;
  expect(order.every((at) => isOut(all[at]!))).toBe(true);
  const left = all.filter(({ waiter }) => waiter!.isWaiting);
  for (const [served, party] of left.entries()) {
    queue.give(1);
    expect([party.wakes, queue.waiting]).toEqual([1, 9 - served]);
  }
});
