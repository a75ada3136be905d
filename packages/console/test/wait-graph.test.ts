/** Who waits for whom, as it is drawn. */
import { expect, test } from "vitest";
import { ConsoleState, type ConsoleResource, type ConsoleTask, type Warning } from "@millrace/console";
import { waitGraph } from "../src/ui/wait-graph.ts";

const task = (id: number, fields: Partial<ConsoleTask> = {}): ConsoleTask => ({
  id: id as ConsoleTask["id"],
  state: "waiting",
  kind: "task",
  waitingOn: { operation: "lock on mutex #1", since: 0 },
  polls: 1,
  busyMs: 0,
  scheduledMs: 0,
  idleMs: 0,
  longestPollMs: 0,
  wakes: 1,
  selfWakes: 0,
  startedAt: 0,
  ...fields,
});
const mutex = (id: number, holder?: number): ConsoleResource => ({
  id,
  kind: "mutex",
  holders: holder === undefined ? [] : [holder as ConsoleTask["id"]],
  attributes: {},
});
function stateOf(
  tasks: readonly ConsoleTask[],
  resources: readonly ConsoleResource[],
  warnings: readonly Warning[] = [],
): ConsoleState {
  const state = new ConsoleState();
  state.apply({
    type: "update",
    seq: 1,
    at: 1,
    tasks,
    resources,
    warnings,
    totals: { spawned: 0, ended: 0, polls: 0, busyMs: 0 },
    loop: { busy: 0, lateMs: 0 },
    dropped: { polls: 0, tasks: 0, warnings: 0 },
    pending: 0,
  });
  return state;
}
const draw = (state: ConsoleState) => waitGraph(state, () => true);
const edges = (state: ConsoleState): string[] =>
  draw(state)
    .edges.map(({ from, to, isStuck }) => `${from} ${to}${isStuck ? " stuck" : ""}`)
    .toSorted();

const crossed = [task(1, { resources: [2] }), task(2, { resources: [1] })];
const held = [mutex(1, 1), mutex(2, 2)];
const deadlock: Warning = { lint: "deadlock", message: "", task: 1 as ConsoleTask["id"] };

test("tasks point to what they wait for, locks to who holds them", () => {
  expect(edges(stateOf([task(1, { resources: [1] }), task(2)], [mutex(1, 2)]))).toEqual(["r1 t2", "t1 r1"]);
  expect(edges(stateOf([task(1, { joins: [2 as ConsoleTask["id"]] }), task(2)], []))).toEqual(["t1 t2"]);
});

test("a deadlock is told only when the program has warned of it", () => {
  expect(edges(stateOf(crossed, held))).toEqual(["r1 t1", "r2 t2", "t1 r2", "t2 r1"]);
  expect(edges(stateOf(crossed, held, [deadlock]))).toEqual([
    "r1 t1 stuck",
    "r2 t2 stuck",
    "t1 r2 stuck",
    "t2 r1 stuck",
  ]);
});

test("a warning of a deadlock that was resolved colours nothing", () => {
  const running = task(2, { state: "running" });
  delete (running as { waitingOn?: unknown }).waitingOn;
  const state = stateOf([task(1, { resources: [2] }), running], held, [deadlock]);
  expect(draw(state).nodes.filter(({ isStuck }) => isStuck)).toEqual([]);
});

test("many that wait for the same are one box, and all are counted", () => {
  const workers = Array.from({ length: 10_000 }, (_, i) =>
    task(i + 10, { name: `worker ${i}`, resources: [1], spawnedAt: "main.ts:1:1" }),
  );
  const { nodes, hidden } = draw(stateOf(workers, [mutex(1)]));
  expect(nodes.map(({ title }) => title)).toEqual(["worker × 10000", "#1"]);
  expect(hidden).toBe(0);
});

test("what does not fit is counted, and the deadlocked come first", () => {
  const different = Array.from({ length: 1000 }, (_, i) =>
    task(i + 10, { resources: [i + 10], spawnedAt: `main.ts:${i}:1` }),
  );
  const locks = different.map(({ id }) => mutex(id));
  const { nodes, hidden } = draw(stateOf([...different, ...crossed], [...locks, ...held], [deadlock]));
  expect(nodes.length).toBeLessThan(160);
  expect(
    nodes
      .filter(({ isStuck }) => isStuck)
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(["r1", "r2", "t1", "t2"]);
  const drawn = nodes.filter(({ what }) => what === "task").length;
  expect(hidden).toBe(1002 - drawn);
});

test("sleeping is nothing to draw", () => {
  expect(draw(stateOf([task(1, { resources: [0] })], [])).nodes).toEqual([]);
});
