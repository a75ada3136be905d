/** Everything that is known at one moment. */
import { waitsIn } from "../runtime/branch-waits.ts";
import { liveTasks } from "../runtime/live-tasks.ts";
import type { Kernel, TaskId } from "../runtime/kernel.ts";
import { nameOf, type Resource } from "../runtime/resource.ts";
import { stage } from "../runtime/stage.ts";
import type { Task } from "../runtime/task.ts";
import { ambientKernel } from "../runtime/trail.ts";
import { leaves } from "../runtime/wait-graph.ts";
import { active, Recorder } from "./recorder.ts";
import type { ResourceInfo, Snapshot } from "./reports.ts";
import { taskInfo } from "./task-info.ts";
import type { TaskRecord } from "./task-record.ts";

/** The recording that counts; without one, a look at the tasks there are. */
export function currentRecorder(): Recorder {
  const recorder = active.at(-1) ?? new Recorder({ stacks: false, history: 0, blockedAfter: Infinity });
  return recorder;
}

/**
 * What every task is doing now. Without a recording (`enable`) it shows the living tasks of the caller's
 * runtime, what they wait for, and no counts.
 *
 * @example
 * ```ts
 * import { mpsc, spawn, yieldNow } from "millrace";
 * import { enable, snapshot } from "millrace/diagnostics";
 *
 * using recording = enable();
 * const [tx, rx] = mpsc.channel<string>(32, { name: "jobs" });
 * const worker = spawn(async () => await rx.recv(), { name: "worker" });
 * await yieldNow();
 * const { tasks, resources } = snapshot();
 * const task = tasks.find(({ name }) => name === "worker");
 * const channel = resources.find(({ id }) => id === task?.waitingOn?.resource);
 * console.log(task?.state, "on", channel?.name);
 * tx.close();
 * await worker;
 * ```
 * ```text
 * waiting on jobs
 * ```
 */
export function snapshot(): Snapshot {
  const recorder = currentRecorder();
  recorder.sweep();
  const records = living(recorder);
  const tasks = [...recorder.recent(), ...records.map((record) => taskInfo(record, recorder))];
  return {
    at: ambientKernel().clock.now(),
    tasks,
    resources: resourcesOf(recorder, records),
    warnings: recorder.warnings.list(),
  };
}

/** The caller's runtime, every `main` under way, and those of which a task was seen. */
export function knownKernels(recorder: Recorder): Set<Kernel> {
  const kernels = new Set([ambientKernel(), ...stage.mains]);
  for (const ref of recorder.kernels) {
    const kernel = ref.deref();
    if (kernel === undefined) recorder.kernels.delete(ref);
    else kernels.add(kernel);
  }
  return kernels;
}

/** The living tasks of the runtimes that are known, in the order in which they were spawned. */
export function living(recorder: Recorder): TaskRecord[] {
  const records: TaskRecord[] = [];
  for (const kernel of knownKernels(recorder))
    for (const task of liveTasks(kernel)) records.push(recorder.record(task));
  return records.toSorted((a, b) => a.task.id - b.task.id);
}

function resourcesOf(recorder: Recorder, records: readonly TaskRecord[]): ResourceInfo[] {
  const waiters: Map<Resource, Task<unknown>[]> = new Map();
  for (const { task } of records) {
    for (const { waitedResource } of leaves(waitsIn(task))) {
      if (waitedResource === undefined) continue;
      recorder.resources.entry(waitedResource);
      const others = waiters.get(waitedResource);
      if (others === undefined) waiters.set(waitedResource, [task]);
      else if (!others.includes(task)) others.push(task);
    }
  }
  const infos: ResourceInfo[] = [];
  for (const resource of recorder.resources) {
    const waiting = waiters.get(resource);
    // A timer that is over is only waiting to be collected.
    if (waiting === undefined && resource.resourceKind === "timer") continue;
    const { id, createdAt } = recorder.resources.entry(resource);
    const name = nameOf(resource);
    infos.push({
      id,
      kind: resource.resourceKind,
      ...(name === undefined ? {} : { name }),
      ...(createdAt === undefined ? {} : { createdAt }),
      holders: recorder.holdersOf(resource).map(idOf),
      waiters: (waiting ?? []).map(idOf),
      attributes: resource.attributes(),
    });
  }
  return infos.toSorted((a, b) => a.id - b.id);
}

function idOf({ id }: Task<unknown>): TaskId {
  return id;
}
