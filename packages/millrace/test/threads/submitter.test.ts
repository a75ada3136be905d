/** The protocol of slots, step by step, with threads that this file plays itself. */
import { describe, expect, test } from "vitest";
import { FunctionTable, register } from "../../src/threads/function-table.ts";
import { GENERATION, INCARNATION } from "../../src/threads/layout.ts";
import { FREE, QUEUED } from "../../src/threads/slot-state.ts";
import { SharedMemory } from "../../src/threads/shared-memory.ts";
import { Submitter, type Threads } from "../../src/threads/submitter.ts";
import type { SubmittedCall } from "../../src/threads/submitted-call.ts";
import { TaskRunner } from "../../src/threads/task-runner.ts";
import type { PayloadMessage } from "../../src/threads/payload.ts";

const entry = register("millrace:test", {}, (value: unknown) => value, false);

class Play {
  readonly memory: SharedMemory = new SharedMemory(2);
  readonly sent: PayloadMessage[] = [];
  readonly bound: number[] = [0, 0, 0];
  target: number = 2;
  readonly submitter: Submitter;

  constructor() {
    const threads: Threads = {
      grow: () => {},
      obituary: () => ({ text: "it ended", exitCode: 1, cause: undefined }),
      send: (_, message, transfer) =>
        void this.sent.push(structuredClone(message, { transfer: transfer as ArrayBuffer[] })),
      choose: () => {
        this.bound[this.target]!++;
        return this.target;
      },
      released: (thread) => void this.bound[thread]!--,
      busy: () => {},
    };
    this.submitter = new Submitter(this.memory, 0, new FunctionTable(this.memory), threads);
  }

  call(...args: unknown[]): SubmittedCall & { readonly outcomes: unknown[] } {
    const outcomes: unknown[] = [];
    const call = {
      entry,
      args,
      transfer: undefined,
      isPinned: false,
      isIdempotent: false,
      slot: -1,
      outcomes,
      settle: (value: unknown) => void outcomes.push(value),
      fail: (error: unknown) => void outcomes.push(error),
    };
    return call;
  }
  runner(thread: number): TaskRunner {
    const life = this.memory.incarnation(thread);
    return new TaskRunner(this.memory, thread, life, new FunctionTable(this.memory), {
      sendResult: (_, result) => this.submitter.receive(structuredClone(result)),
      argumentsFor: (slot, generation) =>
        this.sent.find((each) => each.slot === slot && each.generation === generation)!,
    });
  }
  die(thread: number): void {
    Atomics.add(this.memory.words, this.memory.layout.block(thread) + INCARNATION, 1);
  }
}

describe("a task whose arguments were sent to one thread", () => {
  test("is not run by another that holds an old hint of its slot", () => {
    const play = new Play();
    const first = play.call(1);
    play.submitter.submit(first);
    const hint = play.memory.rings[0]!.take();
    expect(play.submitter.abandon(first)).toBe(true);
    const second = play.call(new SharedArrayBuffer(4));
    play.submitter.submit(second);
    expect(second.slot).toBe(hint);
    expect(play.runner(1).run(hint)).toBe(false);
    expect(play.runner(2).run(hint)).toBe(true);
  });

  test("is not run by that thread's next life, and queued anew", () => {
    const play = new Play();
    const call = play.call(new SharedArrayBuffer(4));
    play.submitter.submit(call);
    const { slot } = call;
    play.die(2);
    expect(play.runner(2).run(slot)).toBe(false);
    play.submitter.reclaim();
    expect(play.sent).toHaveLength(2);
    expect(play.runner(2).run(call.slot)).toBe(true);
    expect(play.bound).toEqual([0, 0, 1]);
  });

  test("that could not be sent is bound to no thread", () => {
    const play = new Play();
    expect(() => play.submitter.submit(play.call(() => {}))).toThrow(
      /can ?not be cloned|could not be cloned/,
    );
    expect(play.bound).toEqual([0, 0, 0]);
    expect(play.submitter.inFlight).toBe(0);
  });
});

test("giving up a call that has settled leaves alone whoever has its slot now", () => {
  const play = new Play();
  const first = play.call(1);
  play.submitter.submit(first);
  expect(play.submitter.abandon(first)).toBe(true);
  const second = play.call(2);
  play.submitter.submit(second);
  expect(second.slot).toBe(first.slot);
  expect(play.submitter.abandon(first)).toBe(false);
  expect(play.submitter.inFlight).toBe(1);
  expect(play.submitter.abandon(second)).toBe(true);
});

test("one that cannot be sent does not hold up those that wait behind it", () => {
  const play = new Play();
  const slots = play.memory.layout.slotsOf(0);
  const first = Array.from({ length: slots }, () => play.call(1));
  for (const each of first) play.submitter.submit(each);
  const bad = play.call(() => {});
  const good = play.call(2);
  play.submitter.submit(bad);
  play.submitter.submit(good);
  expect(play.submitter.backlog).toBe(2);
  play.submitter.abandon(first[0]!);
  expect(bad.outcomes).toHaveLength(1);
  expect(good.slot).toBeGreaterThanOrEqual(0);
  expect(play.submitter.inFlight).toBe(slots);
});

test("failing all calls gives their slots back, and nobody runs them", () => {
  const play = new Play();
  const calls = Array.from({ length: 3 }, () => play.call(1));
  for (const each of calls) play.submitter.submit(each);
  play.submitter.failAll(() => "given up");
  expect(calls.map(({ outcomes }) => outcomes)).toEqual([["given up"], ["given up"], ["given up"]]);
  for (const each of calls) expect(play.runner(1).run(each.slot)).toBe(false);
  expect(play.submitter.inFlight).toBe(0);
});

test("a thread's next life withdraws what nobody waits for any more", () => {
  const play = new Play();
  const life = (): Submitter =>
    new Submitter(play.memory, 1, new FunctionTable(play.memory), {
      grow: () => {},
      obituary: () => ({ text: "it ended", exitCode: 1, cause: undefined }),
      send: () => {},
      choose: () => 2,
      released: () => {},
      busy: () => {},
    });
  const call = play.call(1);
  life().submit(call);
  const generation = play.memory.layout.slot(call.slot) + GENERATION;
  const before = play.memory.words[generation]!;
  expect(play.memory.state(call.slot)).toBe(QUEUED);
  expect(life().inFlight).toBe(0);
  expect(play.memory.state(call.slot)).toBe(FREE);
  // What it sent is nobody's arguments.
  expect(play.memory.words[generation]).toBeGreaterThan(before);
});

test("a result that comes late, of what the slot had before, is not in the way of the one that has come", async () => {
  const play = new Play();
  const call = play.call(new SharedArrayBuffer(4));
  play.submitter.submit(call);
  const runner = new TaskRunner(play.memory, 2, play.memory.incarnation(2), new FunctionTable(play.memory), {
    sendResult: (_, result) => {
      play.submitter.receive(structuredClone(result));
      play.submitter.receive({ ...result, generation: result.generation - 1, value: "late" });
    },
    argumentsFor: () => play.sent[0]!,
  });
  expect(runner.run(call.slot)).toBe(true);
  for (let turn = 0; turn < 20 && call.outcomes.length === 0; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    play.submitter.drain();
  }
  expect(call.outcomes).toEqual([expect.any(SharedArrayBuffer)]);
});

test("a function has one number, whoever asks first", () => {
  const memory = new SharedMemory(1);
  const [one, two] = [new FunctionTable(memory), new FunctionTable(memory)];
  const other = register("millrace:test", {}, () => 1, false);
  const id = one.idOf(entry);
  expect(two.idOf(entry)).toBe(id);
  expect(two.idOf(other)).not.toBe(id);
  expect(one.idOf(other)).toBe(two.idOf(other));
  expect(one.describe(id).url).toBe("millrace:test");
});
