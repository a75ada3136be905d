/** From what the tasks did to what is drawn: a row for each task, and in it what it waited for, and when it ran. */
import type { Run } from "./messages.ts";

export type Axis = "time" | "steps";
export type Kind = "sleep" | "channel" | "lock" | "task" | "other";

export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly kind: Kind;
}
export interface Row {
  readonly task: number;
  readonly name: string;
  readonly depth: number;
  readonly from: number;
  to: number;
  /** "done", "failed", "cancelled", or undefined while it lives. */
  state: string | undefined;
  readonly bars: Bar[];
  /** When it ran. */
  readonly ticks: number[];
}
export interface Timeline {
  readonly rows: readonly Row[];
  /** Of the axis; at least 1. */
  readonly end: number;
  readonly marks: readonly { readonly x: number; readonly label: string }[];
}

export function timeline(run: Run, axis: Axis): Timeline {
  const rows = new Map<number, Row>();
  const waits = new Map<number, { from: number; text: string }>();
  const place = ({ at, step }: { at: number; step: number }): number => (axis === "time" ? at : step);
  const end = Math.max(1, ...run.entries.map(place));

  const endWait = (task: number, to: number): void => {
    const wait = waits.get(task);
    waits.delete(task);
    if (wait !== undefined && to > wait.from) {
      rows.get(task)?.bars.push({ from: wait.from, to, text: wait.text, kind: kindOf(wait.text) });
    }
  };
  for (const entry of run.entries) {
    const x = place(entry);
    if (entry.kind === "spawn") {
      const depth = entry.parent === undefined ? 0 : (rows.get(entry.parent)?.depth ?? -1) + 1;
      rows.set(entry.task, {
        task: entry.task,
        name: entry.name,
        depth,
        from: x,
        to: end,
        state: undefined,
        bars: [],
        ticks: [],
      });
      continue;
    }
    const row = rows.get(entry.task);
    if (row === undefined) continue;
    endWait(entry.task, x);
    if (entry.kind === "end") {
      row.to = x;
      row.state = entry.state;
    } else {
      row.ticks.push(x);
      if (entry.wait !== undefined) waits.set(entry.task, { from: x, text: entry.wait });
    }
  }
  for (const { task } of rows.values()) endWait(task, end);
  return { rows: [...rows.values()], end, marks: axis === "time" ? timeMarks(end) : stepMarks(run) };
}

function kindOf(wait: string): Kind {
  if (/\bsleep\b|interval|deadline/.test(wait)) return "sleep";
  if (/channel|recv|send|mailbox|watch|reply/.test(wait)) return "channel";
  if (/lock|permit|semaphore|mutex/.test(wait)) return "lock";
  if (/end of task|tasks|the end of/.test(wait)) return "task";
  return "other";
}

/** Five or so round numbers. */
function timeMarks(end: number): { x: number; label: string }[] {
  const rough = end / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const pace = Math.max(
    1,
    [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)!,
  );
  const marks: { x: number; label: string }[] = [];
  for (let x = 0; x <= end; x += pace) marks.push({ x, label: `${x} ms` });
  return marks;
}

/** Where virtual time moved. */
function stepMarks({ entries }: Run): { x: number; label: string }[] {
  const marks: { x: number; label: string }[] = [];
  let last = -1;
  for (const { at, step } of entries) {
    if (at > last) marks.push({ x: step, label: `${Math.round(at)} ms` });
    last = Math.max(last, at);
  }
  const most = 8;
  return marks.filter((_, i) => i % Math.ceil(marks.length / most) === 0);
}
