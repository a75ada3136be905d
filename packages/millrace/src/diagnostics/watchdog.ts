/**
 * Notices that the event loop is blocked, while it is. The main thread beats a counter in shared memory
 * from a timer; a thread of its own looks at that (`watchdog-thread.ts`). One thread serves all recordings
 * of the process, and is parked when there is none.
 */
import { host, hostProcess } from "../runtime/host.ts";
import { usersPosition } from "./call-site.ts";
import { pathOf, shortPosition } from "./source-position.ts";
import { ProcessorUsage } from "./processor-usage.ts";
import {
  ACTIVE,
  HEART,
  LIMIT,
  TASK,
  watchdogThread,
  type Frame,
  type Sighting,
  type WatchdogData,
} from "./watchdog-thread.ts";

interface Port {
  unref(): void;
}
interface WorkerThreads {
  readonly isMainThread: boolean;
  MessageChannel: new () => { port1: Port; port2: Port };
  receiveMessageOnPort(port: Port): { message: unknown } | undefined;
  Worker: new (
    code: string,
    options: {
      eval: true;
      name: string;
      workerData: unknown;
      transferList: unknown[];
      execArgv: [];
      stdin: false;
    },
  ) => { unref(): void; on(event: "error", listener: () => void): void };
}

const threads = hostProcess?.getBuiltinModule?.("node:worker_threads") as WorkerThreads | undefined;

/** What the process has one of. */
interface Line {
  readonly memory: Int32Array;
  readonly port: Port;
}
let line: Line | null | undefined;

/** Those that watch; the latest says what the limit is. */
const watching: Watchdog[] = [];

export interface Seen {
  /** The task whose code ran; 0 for none. */
  readonly task: number;
  readonly stack: string | undefined;
}
/** Something outside of any poll has blocked the loop. */
type OnBlocked = (ms: number, seen: Seen) => void;

export class Watchdog {
  readonly #limit: number;
  readonly #line: Line;
  readonly #onBlocked: OnBlocked;
  readonly #usage: ProcessorUsage = new ProcessorUsage();
  #timer: unknown;
  #beatAt: number = host.now();

  private constructor(shared: Line, limit: number, onBlocked: OnBlocked) {
    this.#line = shared;
    this.#limit = limit;
    this.#onBlocked = onBlocked;
    watching.push(this);
    shared.memory[LIMIT] = limit;
    this.#beat();
    Atomics.store(shared.memory, ACTIVE, 1);
    Atomics.notify(shared.memory, ACTIVE);
  }
  /** Null where there are no threads, or no limit is wanted. */
  static start(limit: number, onBlocked: OnBlocked): Watchdog | null {
    if (limit > 0x7fff_ffff) return null;
    line ??= open();
    return line === null ? null : new Watchdog(line, Math.max(1, Math.round(limit)), onBlocked);
  }

  /** Which task's code begins to run; 0 for none. */
  runs(task: number): void {
    this.#line.memory[TASK] = task;
  }
  /** The stack that was seen since the last call, if one was. */
  takeStack(): string | undefined {
    // What blocks the loop next is another matter.
    this.#line.memory[HEART] = (this.#line.memory[HEART]! + 1) | 0;
    return this.#take()?.stack;
  }
  /** During the last `ms` others had the processor but for less than the limit: nobody here blocked anything. */
  wasStarved(ms: number): boolean {
    return this.#usage.wasStarved(ms, this.#limit);
  }
  stop(): void {
    host.clearTimer(this.#timer);
    watching.splice(watching.indexOf(this), 1);
    const latest = watching.at(-1);
    if (latest === undefined) Atomics.store(this.#line.memory, ACTIVE, 0);
    else this.#line.memory[LIMIT] = latest.#limit;
  }

  #take(): Seen | undefined {
    let found: Sighting | undefined;
    for (let next = this.#receive(); next !== undefined; next = this.#receive()) found = next;
    return found === undefined ? undefined : { task: found.task, stack: written(found.frames) || undefined };
  }
  #receive(): Sighting | undefined {
    return threads!.receiveMessageOnPort(this.#line.port)?.message as Sighting | undefined;
  }

  /** What came before is not looked at. */
  renew(): void {
    this.takeStack();
    this.#beatAt = host.now();
    this.#usage.renew();
  }

  /** What `work` takes is a tool's own doing, of which nobody is told; of what came before it they are. */
  aside<T>(work: () => T): T {
    this.#look();
    try {
      return work();
    } finally {
      this.renew();
    }
  }

  #look(): void {
    const { memory } = this.#line;
    const now = host.now();
    memory[HEART] = (memory[HEART]! + 1) | 0;
    const ms = now - this.#beatAt;
    this.#beatAt = now;
    if (ms >= this.#limit && watching.at(-1) === this) {
      const seen = this.#take();
      if (seen !== undefined && !this.wasStarved(ms)) this.#onBlocked(ms, seen);
    }
    this.#usage.renew();
  }
  #beat(): void {
    this.#look();
    this.#timer = host.timer(Math.max(1, this.#limit / 3), () => this.#beat());
    (this.#timer as { unref?(): void }).unref?.();
  }
}

function open(): Line | null {
  if (threads === undefined) return null;
  const memory = new Int32Array(new SharedArrayBuffer(16));
  try {
    const { port1, port2 } = new threads.MessageChannel();
    const workerData: WatchdogData = { memory, port: port2 as never, isMain: threads.isMainThread };
    const worker = new threads.Worker(`(${watchdogThread.toString()})()`, {
      eval: true,
      name: "millrace watchdog",
      workerData,
      transferList: [port2],
      execArgv: [],
      stdin: false,
    });
    worker.unref();
    port1.unref();
    // Without it the duration of each poll is still known.
    worker.on("error", () => {});
    return { memory, port: port1 };
  } catch {
    return null;
  }
}

/** As the engine writes stacks, up to the user's code that the library called. */
function written(frames: readonly Frame[]): string {
  const lines: string[] = [];
  let end = 0;
  for (const { name, url, line: row, column } of frames) {
    const position = usersPosition(`(${url}:${row}:${column})`);
    lines.push(`    at ${name} (${position ?? shortPosition(pathOf(url), row, column)})`);
    if (position !== undefined) end = lines.length;
  }
  return lines.slice(0, end === 0 ? undefined : end).join("\n");
}
