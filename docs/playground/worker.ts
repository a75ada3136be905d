/**
 * Runs one program of the guide, in virtual time, and records what its tasks did. Each run has a worker of its
 * own, so that it begins with fresh modules and can be ended from outside. It runs only what was bundled with
 * the page: the message names a program, and nothing is ever evaluated.
 */
import { enable, snapshot, subscribe } from "millrace/diagnostics";
import { inspect } from "./inspect.ts";
import type { Entry, Line, Run } from "./messages.ts";

/** What `millrace run --paused --seed 1` leaves for the program's `main`. */
Object.assign(globalThis, { [Symbol.for("millrace.launch")]: { seed: 1, clock: "paused" } });

/** Those that need a host with sockets, files, threads or signals are left out; see programs.test.ts. */
const programs = import.meta.glob(["../programs/*.yield.ts", "!../programs/{03,08,09,14,20,26}-*.ts"]);

const MOST = 2000;
const entries: Entry[] = [];
const lines: Line[] = [];
let step = 0;
let at = 0;
let isCut = false;

function note(entry: Entry): void {
  if (entries.length < MOST) entries.push(entry);
  else isCut = true;
}

function record(): void {
  enable({ stacks: false });
  subscribe((event) => {
    if (event.type === "warning") return;
    at = Math.max(at, event.at ?? 0);
    step++;
    placeLines();
    if (event.type === "spawn") {
      const { id, name, parent } = event.task;
      note({
        kind: "spawn",
        step,
        at,
        task: id,
        name: name ?? (parent === undefined ? "main" : `task ${id}`),
        parent,
      });
    } else if (event.type === "end") {
      note({ kind: "end", step, at, task: event.task.id, state: event.task.state });
    } else {
      const poll: Entry = { kind: "poll", step, at, task: event.task, wait: undefined };
      note(poll);
      // What it waits for is known when the poll is over.
      queueMicrotask(() => {
        const info = snapshot().tasks.find(({ id }) => id === poll.task);
        poll.wait = info?.waitingOn?.operation;
      });
    }
  });
}

/** Lines are written in the middle of a poll, whose event says when that was, and comes when it is over. */
function placeLines(): void {
  for (let i = lines.length - 1; i >= 0 && lines[i]!.step === UNPLACED; i--)
    lines[i] = { ...lines[i]!, step, at };
}
const UNPLACED = -1;

function write(isError: boolean, values: readonly unknown[]): void {
  const text = values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" ");
  lines.push({ text, isError, step: UNPLACED, at });
}

self.onmessage = async ({ data: name }: MessageEvent<string>) => {
  console.log = (...values) => write(false, values);
  console.error = (...values) => write(true, values);
  record();
  try {
    const program = programs[`../programs/${name}.yield.ts`];
    if (program === undefined) throw new Error(`there is no program ${name}`);
    await program();
  } catch (error) {
    console.error(error);
  }
  // The last microtask has seen what its task waits for.
  await new Promise((turn) => setTimeout(turn));
  placeLines();
  self.postMessage({ entries, lines, isCut } satisfies Run);
};
