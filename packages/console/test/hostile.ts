/** Recordings that nobody's program has written. */

const totals = { spawned: 1, ended: 0, polls: 1, busyMs: 1 };
const loop = { busy: 0.5, lateMs: 0 };
const dropped = { polls: 0, tasks: 0, warnings: 0 };
const attack = `"><script>document.title="owned"</script><img src=x onerror='document.title="owned"'>`;

export const hello = {
  type: "hello",
  version: 1,
  program: { name: attack, pid: 1, runtime: attack, origin: 0 },
};
export const update = { type: "update", seq: 1, at: 1, totals, loop, dropped, pending: 0 };
export const task = {
  id: 1,
  name: attack,
  state: "waiting",
  kind: "task",
  spawnedAt: `javascript:document.title="owned"`,
  waitingOn: { operation: attack, since: 0, at: attack, resource: 1 },
  resources: [1],
  polls: 1,
  busyMs: 1,
  scheduledMs: 1,
  idleMs: 1,
  longestPollMs: 1,
  wakes: 1,
  selfWakes: 0,
  startedAt: 0,
};
export const resource = {
  id: 1,
  kind: attack,
  name: attack,
  holders: [2, 3],
  attributes: { size: 1, capacity: 2 },
};
export const warning = { lint: attack, message: `${attack}\n    at ${attack}`, task: 1, resource: 1 };

export function lines(...messages: readonly (object | string)[]): string {
  return messages.map((each) => `${typeof each === "string" ? each : JSON.stringify(each)}\n`).join("");
}

/** Everything that its writer may choose freely, chosen badly. */
export function worst(): string {
  const huge = Number.MAX_VALUE;
  // As text, since an object's own "__proto__" cannot be written otherwise.
  const poisoned = JSON.stringify({ ...resource, id: 2, name: "__proto__" }).replace(
    '"size":1',
    '"__proto__":"polluted","constructor":"polluted","toString":"polluted","size":1e308',
  );
  const extra = JSON.stringify({ ...task, id: 4, name: "constructor", joins: [4] }).replace(
    "{",
    '{"__proto__":{"isPolluted":true},"constructor":{"prototype":{"isPolluted":true}},',
  );
  const tasks = [
    task,
    {
      ...task,
      id: 2,
      name: "__proto__",
      polls: huge,
      busyMs: huge,
      idleMs: -huge,
      startedAt: -huge,
      endedAt: huge,
    },
    { ...task, id: 3, parent: 3, joins: [2, 3, huge], resources: [1, 2, huge], wakes: -1, startedAt: huge },
    { ...task, id: huge, name: "\u202egnp.exe\u0000\u001b[2J", parent: 2 },
    { ...task, id: -0.5, name: "x".repeat(100_000) },
  ];
  const first = JSON.stringify({
    ...update,
    tasks,
    resources: [resource, { ...resource, id: huge, holders: [huge, huge], attributes: {} }],
    warnings: [warning],
    polls: [1, 0, huge, 2, -huge, 1, huge, 1, 1, 1],
    totals: { spawned: huge, ended: -huge, polls: huge, busyMs: huge },
  })
    .replace('"tasks":[', `"tasks":[${extra},`)
    .replace('"resources":[{', `"resources":[${poisoned},{`);
  return lines(
    hello,
    first,
    { ...update, at: 500, loop: { busy: huge, lateMs: huge }, pending: huge },
    {
      ...update,
      at: 2,
      goneTasks: [7, 7],
      goneResources: [9],
      dropped: { polls: huge, tasks: -1, warnings: 0 },
    },
    { type: "end", reason: attack },
  );
}
