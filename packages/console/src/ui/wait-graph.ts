/**
 * Who waits for whom, as a graph to draw: a task points to what it waits for, a lock to the tasks that hold it,
 * a task to those whose end it waits for.
 *
 * Tasks that wait for the same and that nobody waits for become one node, so that ten thousand workers before a
 * channel are one box. What is left over a bound is counted and not drawn.
 */
import type { ConsoleTask } from "../protocol/messages.ts";
import type { ConsoleState } from "../protocol/state.ts";

/** More cannot be read. */
const MOST_NODES = 150;
/** Fewer tasks than this are drawn one by one. */
const GROUP_FROM = 4;

export interface GraphNode {
  readonly key: string;
  readonly what: "task" | "resource" | "group";
  /** Of the task or resource; of a group, of one of its tasks. */
  readonly id: number;
  readonly title: string;
  readonly note: string;
  /** Nothing but others of its like can end its wait. */
  readonly isStuck: boolean;
  readonly members: readonly number[];
}
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "waits" | "held" | "joins";
  readonly isStuck: boolean;
}
export interface WaitGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Nodes that are not drawn. */
  readonly hidden: number;
}

const taskKey = (id: number): string => `t${id}`;
const resourceKey = (id: number): string => `r${id}`;

export function waitGraph(state: ConsoleState, matches: (task: ConsoleTask) => boolean): WaitGraph {
  const stuck = stuckTasks(state);
  const waitedFor = new Set<number>();
  for (const task of state.tasks.values()) for (const id of task.joins ?? []) waitedFor.add(id);
  for (const { holders } of state.resources.values()) for (const id of holders) waitedFor.add(id);

  const groups = new Map<string, ConsoleTask[]>();
  const alone: ConsoleTask[] = [];
  for (const task of state.tasks.values()) {
    if (task.waitingOn === undefined || !matches(task)) continue;
    const { joins = [] } = task;
    const resources = resourcesOf(task);
    if (resources.length + joins.length === 0) continue;
    if (waitedFor.has(task.id) || stuck.has(task.id) || joins.length > 0) {
      alone.push(task);
      continue;
    }
    const key = `${resources.join()} ${task.spawnedAt ?? task.name ?? ""} ${operationOf(task)}`;
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [task]);
    else members.push(task);
  }

  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const link = (from: string, to: string, kind: GraphEdge["kind"], isStuck: boolean): void => {
    edges.set(`${from} ${to}`, { from, to, kind, isStuck });
  };
  const addTask = (id: number): void => {
    if (nodes.has(taskKey(id))) return;
    const task = state.tasks.get(id);
    const note = task === undefined ? "" : task.waitingOn === undefined ? task.state : operationOf(task);
    const title = task?.name === undefined ? `task #${id}` : `${task.name} #${id}`;
    nodes.set(taskKey(id), {
      key: taskKey(id),
      what: "task",
      id,
      title,
      note,
      isStuck: stuck.has(id),
      members: [id],
    });
  };
  const addResource = (id: number, isStuck: boolean): void => {
    const resource = state.resources.get(id);
    const title = resource?.name ?? `#${id}`;
    const isNew = !nodes.has(resourceKey(id));
    if (isNew || isStuck) {
      nodes.set(resourceKey(id), {
        key: resourceKey(id),
        what: "resource",
        id,
        title,
        note: resource?.kind ?? "",
        isStuck,
        members: [],
      });
    }
    for (const holder of isNew ? (resource?.holders ?? []) : []) {
      addTask(holder);
      link(resourceKey(id), taskKey(holder), "held", isStuck && stuck.has(holder));
    }
    if (isStuck) {
      for (const holder of resource?.holders ?? []) link(resourceKey(id), taskKey(holder), "held", true);
    }
  };

  // The stuck first: what is dropped at the bound is not what matters.
  for (const task of alone.toSorted((a, b) => Number(stuck.has(b.id)) - Number(stuck.has(a.id)))) {
    if (nodes.size >= MOST_NODES) break;
    const isStuck = stuck.has(task.id);
    addTask(task.id);
    for (const id of resourcesOf(task)) {
      addResource(id, isStuck);
      link(taskKey(task.id), resourceKey(id), "waits", isStuck);
    }
    for (const id of task.joins ?? []) {
      addTask(id);
      link(taskKey(task.id), taskKey(id), "joins", isStuck && stuck.has(id));
    }
  }
  const grouped = [...groups.values()].toSorted((a, b) => b.length - a.length);
  for (const members of grouped) {
    const [task] = members as [ConsoleTask];
    const isGroup = members.length >= GROUP_FROM;
    for (const member of isGroup ? [task] : members) {
      if (nodes.size >= MOST_NODES) break;
      const key = isGroup ? `g${task.id}` : taskKey(member.id);
      if (isGroup) {
        nodes.set(key, {
          key,
          what: "group",
          id: task.id,
          title: `${stem(members)} × ${members.length}`,
          note: operationOf(task),
          isStuck: false,
          members: members.map(({ id }) => id),
        });
      } else addTask(member.id);
      for (const id of resourcesOf(member)) {
        addResource(id, false);
        link(key, resourceKey(id), "waits", false);
      }
    }
  }
  const drawn = new Set([...nodes.values()].flatMap(({ members }) => members));
  const wanted = alone.length + grouped.reduce((sum, members) => sum + members.length, 0);
  const waiting = [...drawn].filter((id) => state.tasks.get(id)?.waitingOn !== undefined).length;
  return { nodes: [...nodes.values()], edges: [...edges.values()], hidden: Math.max(0, wanted - waiting) };
}

/** A sleep ends by itself: nothing to see in a graph. */
const TIMERS = 0;
function resourcesOf({ resources = [] }: ConsoleTask): readonly number[] {
  return resources.includes(TIMERS) ? resources.filter((id) => id !== TIMERS) : resources;
}

/** "recv" of "recv on channel #12 'jobs' (0/32, 3 senders)"; the resource is drawn beside it. */
function operationOf({ waitingOn }: ConsoleTask): string {
  return (waitingOn?.operation ?? "")
    .replace(/^(acquire|reserve) of .*$/, "$1")
    .replace(/ on .*$/, "")
    .replace(/^a sleep until .*$/, "sleep")
    .replace(/^the end of .*$/, "join");
}

/** What the names of many have in common. */
function stem(members: readonly ConsoleTask[]): string {
  const names = members.map(({ name }) => name ?? "");
  let common = names[0]!;
  for (const name of names) while (!name.startsWith(common)) common = common.slice(0, -1);
  const trimmed = common.replace(/[\s\-_#:.0-9]+$/, "");
  return trimmed === "" ? "tasks" : trimmed;
}

/**
 * Tasks of which nobody outside their number can end the wait. Only those are told that the program has warned
 * of: it knows of timeouts, and the page does not.
 */
function stuckTasks(state: ConsoleState): ReadonlySet<number> {
  const warned = state.warnings.filter(({ lint }) => lint === "deadlock").map(({ task }) => task);
  if (warned.length === 0) return new Set();
  const givers = new Map<number, readonly (readonly number[])[]>();
  for (const task of state.tasks.values()) {
    if (task.state !== "waiting") continue;
    const all = [
      ...(task.joins ?? []).map((id) => [id]),
      ...(task.resources ?? []).map((id) => state.resources.get(id)?.holders ?? []),
    ];
    if (all.length > 0 && all.every((each) => each.length > 0)) givers.set(task.id, all);
  }
  for (let size = Infinity; givers.size < size;) {
    size = givers.size;
    for (const [task, all] of givers) {
      if (all.some((each) => each.some((other) => !givers.has(other)))) givers.delete(task);
    }
  }
  return warned.some((task) => task !== undefined && givers.has(task)) ? new Set(givers.keys()) : new Set();
}
