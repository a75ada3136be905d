/** Readers of different speed see the same program in the end, and what they keep waiting is bounded. */
import { expect, test } from "vitest";
import type { ConsoleTask, Update } from "@millrace/console";
import { ConsoleState } from "@millrace/console";
import { Model } from "../src/server/model.ts";

const task = (id: number, fields: Partial<ConsoleTask> = {}): ConsoleTask => ({
  id: id as ConsoleTask["id"],
  state: "waiting",
  kind: "task",
  polls: 0,
  busyMs: 0,
  scheduledMs: 0,
  idleMs: 0,
  longestPollMs: 0,
  wakes: 0,
  selfWakes: 0,
  startedAt: 0,
  ...fields,
});
let at = 0;
const update = (fields: Partial<Update>): Update => ({
  type: "update",
  seq: 0,
  at: at++,
  totals: { spawned: 0, ended: 0, polls: 0, busyMs: 0 },
  loop: { busy: 0, lateMs: 0 },
  dropped: { polls: 0, tasks: 0, warnings: 0 },
  pending: 0,
  ...fields,
});
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test("a reader that looks seldom gets the latest state of each, once", () => {
  const model = new Model();
  const reader = model.subscribe(() => {});
  for (const polls of range(0, 50)) model.apply(update({ tasks: [task(1, { polls }), task(2)] }));
  expect(reader.take().tasks).toEqual([task(1, { polls: 49 }), task(2)]);
  expect(reader.take().tasks).toBeUndefined();
});

test("many tasks come in pieces, and each piece is bounded", () => {
  const model = new Model();
  model.apply(update({ tasks: range(1, 10_001).map((id) => task(id)) }));
  const reader = model.subscribe(() => {});
  const state = new ConsoleState();
  const sizes: number[] = [];
  do {
    const piece = reader.take();
    sizes.push(piece.tasks!.length);
    state.apply(piece);
    expect(state.pending).toBe(10_000 - state.tasks.size);
  } while (reader.hasMore);
  expect(sizes).toEqual([2000, 2000, 2000, 2000, 2000]);
  expect(state.tasks.size).toBe(10_000);
});

test("a reader that never looks keeps no more waiting than there are tasks", () => {
  const model = new Model();
  const stuck = model.subscribe(() => {});
  model.apply(update({ tasks: range(1, 501).map((id) => task(id)) }));
  stuck.take();
  for (const round of range(1, 40)) {
    const ids = range(round * 500, round * 500 + 500);
    model.apply(update({ tasks: ids.map((id) => task(id, { state: "done", endedAt: 1 })) }));
  }
  // The ended ones that are kept, and the end of those that it knows.
  expect(model.state.tasks.size).toBeLessThanOrEqual(1000 + 500);
  expect(stuck.tasks.size).toBeLessThanOrEqual(model.state.tasks.size);
  const state = new ConsoleState();
  const rest = stuck.take();
  expect(rest.goneTasks?.length ?? 0).toBeLessThanOrEqual(500);
  state.apply(rest);
});

test("after any course of things a slow and a quick reader agree", () => {
  const model = new Model();
  const [quick, slow] = [model.subscribe(() => {}), model.subscribe(() => {})];
  const [seen, late] = [new ConsoleState(), new ConsoleState()];
  let random = 7;
  const next = (below: number): number => (random = (random * 48_271) % 2_147_483_647) % below;
  const alive = new Map<number, ConsoleTask>();
  for (const round of range(0, 400)) {
    const tasks: ConsoleTask[] = [];
    for (const id of range(round * 20, round * 20 + next(20))) tasks.push(task(id, { resources: [next(5)] }));
    for (const each of tasks) alive.set(each.id, each);
    for (const each of alive.values()) {
      const fate = next(6);
      if (fate === 0) tasks.push({ ...each, polls: round });
      else if (fate === 1) {
        tasks.push({ ...each, state: "done", endedAt: round });
        alive.delete(each.id);
      }
    }
    const resources = [{ id: next(5), kind: "mutex" as const, holders: [], attributes: { round } }];
    model.apply(update({ tasks, resources, goneResources: round % 7 === 0 ? [next(5)] : [] }));
    seen.apply(quick.take());
    if (next(30) === 0) late.apply(slow.take());
  }
  do late.apply(slow.take());
  while (slow.hasMore);
  seen.apply(quick.take());
  const all = (state: ConsoleState): unknown => ({
    tasks: [...state.tasks.values()].toSorted((a, b) => a.id - b.id),
    resources: [...state.resources.values()].toSorted((a, b) => a.id - b.id),
    waiters: range(0, 5).map((id) => [...state.waiters(id)].toSorted((a, b) => a - b)),
  });
  expect(all(seen)).toEqual(all(model.state));
  expect(all(late)).toEqual(all(model.state));
});

test("polls that a reader was too slow for are dropped and counted, of those before it came nothing is said", () => {
  const model = new Model();
  const polls = (count: number): number[] => range(0, count).flatMap((i) => [1, i, 0.1]);
  model.apply(update({ polls: polls(30_000), dropped: { polls: 5, tasks: 5, warnings: 0 } }));
  const reader = model.subscribe(() => {});
  expect(reader.take().dropped).toEqual({ polls: 0, tasks: 0, warnings: 0 });
  model.apply(update({ polls: polls(30_000), dropped: { polls: 7, tasks: 6, warnings: 0 } }));
  const { dropped, polls: got } = reader.take();
  expect(got).toHaveLength(4000 * 3);
  expect(dropped).toEqual({ polls: 26_000 + 2, tasks: 1, warnings: 0 });
});

test("a recording that was moved begins anew for everybody", () => {
  const model = new Model();
  const reader = model.subscribe(() => {});
  const state = new ConsoleState();
  model.apply(update({ tasks: [task(1), task(2)] }));
  state.apply(reader.take());
  model.apply(update({ isFresh: true, tasks: [task(3)] }));
  state.apply(reader.take());
  expect([...state.tasks.keys()]).toEqual([3]);
});
