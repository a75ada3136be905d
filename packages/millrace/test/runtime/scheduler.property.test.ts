/** The run queue against an array. */
import { expect, test } from "vitest";
import fc from "fast-check";
import { Clock } from "../../src/runtime/clock.ts";
import { ManualScheduler } from "../../src/runtime/manual-scheduler.ts";
import { PausedClock } from "../../src/runtime/paused-clock.ts";
import { isIdle, Runnable, Scheduler } from "../../src/runtime/scheduler.ts";
import { randomPrograms } from "../random-programs.ts";
import { nextTurn, turn } from "../turn.ts";

class Job extends Runnable {
  readonly id: number;
  readonly #ran: number[];
  onRun: (() => void) | undefined;
  constructor(id: number, ran: number[]) {
    super();
    this.id = id;
    this.#ran = ran;
  }
  run(): void {
    this.#ran.push(this.id);
    this.onRun?.();
  }
}

const JOBS = 6;
const id = fc.nat(JOBS - 1);
const operation = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), id }),
  fc.record({ kind: fc.constant("unlink" as const), id }),
  fc.record({ kind: fc.constant("defer" as const), id }),
  fc.record({ kind: fc.constant("tick" as const), id }),
  fc.record({ kind: fc.constant("pushInRun" as const), id, other: id }),
);

test("push, unlink, defer and tick in any order do what they do to an array", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const ran: number[] = [];
      const expected: number[] = [];
      const jobs = Array.from({ length: JOBS }, (_, i) => new Job(i, ran));
      const inRun = new Map<number, number>();
      let queue: number[] = [];
      let deferred: number[] = [];
      const scheduler = new ManualScheduler(new PausedClock());
      const push = (each: number) => {
        if (!queue.includes(each)) queue.push(each);
      };
      for (const op of operations) {
        const job = jobs[op.id]!;
        switch (op.kind) {
          case "push":
            scheduler.push(job);
            push(op.id);
            break;
          case "unlink":
            scheduler.unlink(job);
            queue = queue.filter((each) => each !== op.id);
            break;
          case "defer":
            scheduler.defer({ wake: () => scheduler.push(job) });
            deferred.push(op.id);
            break;
          case "pushInRun": {
            const other = jobs[op.other]!;
            job.onRun = () => scheduler.push(other);
            inRun.set(op.id, op.other);
            break;
          }
          case "tick": {
            if (queue.length === 0) {
              for (const each of deferred) push(each);
              deferred = [];
            }
            const next = queue.shift();
            expect(scheduler.tick()).toBe(next !== undefined);
            if (next === undefined) break;
            expected.push(next);
            const other = inRun.get(next);
            if (other !== undefined) push(other);
          }
        }
        expect(scheduler.depth).toBe(queue.length);
        expect(isIdle(scheduler)).toBe(queue.length === 0 && deferred.length === 0);
        for (const each of jobs) expect(each.isQueued).toBe(queue.includes(each.id));
      }
      expect(ran).toEqual(expected);
    }),
    randomPrograms(),
  );
});

test("a scheduler that runs by itself runs everything once, in order, and what is deferred after a macrotask", async () => {
  const ran: number[] = [];
  const scheduler = new Scheduler(new Clock());
  const jobs = Array.from({ length: 10_000 }, (_, i) => new Job(i, ran));
  let isImmediate = false;
  const last = new Job(-1, ran);
  last.onRun = () => expect(isImmediate).toBe(true);
  scheduler.defer({ wake: () => scheduler.push(last) });
  nextTurn(() => {
    isImmediate = true;
  });
  for (const job of jobs) scheduler.push(job);
  expect(ran).toEqual([]);
  while (ran.length <= jobs.length) await turn();
  expect(ran.filter((each) => each >= 0)).toEqual(jobs.map((job) => job.id));
  expect(scheduler.polls).toBe(10_001);
  expect(isIdle(scheduler)).toBe(true);
});
