/**
 * What the watchdog's thread runs. It looks at a heartbeat in shared memory; when that has stood still for
 * too long it attaches to the main thread as a debugger does, has it pause, reads its stack, and lets it go on;
 * where that cannot be had, it says no more than that the loop stands still.
 *
 *   PARKED ⇄ WATCHING ──no beat for the limit──► BLOCKED (stack taken, once) ──beat──► WATCHING
 *                                                   └── for long: said on stderr, as nobody else can
 *
 * The function is self-contained: the thread is started from its source text, wherever a bundler put it.
 */

/** Places in the shared memory. */
export const HEART = 0;
export const TASK = 1;
export const LIMIT = 2;
/** 0 while the thread is parked. */
export const ACTIVE = 3;

export interface Frame {
  readonly name: string;
  readonly url: string;
  readonly line: number;
  readonly column: number;
}
/** Posted while the loop is still blocked. */
export interface Sighting {
  readonly task: number;
  /** None where the stack cannot be read: in Bun and Deno. */
  readonly frames: readonly Frame[];
}
export interface WatchdogData {
  readonly memory: Int32Array;
  readonly port: { postMessage(message: Sighting): void };
  /** Whether the thread that is watched is the one a debugger can be attached to. */
  readonly isMain: boolean;
}

export function watchdogThread(): void {
  interface CallFrame {
    functionName: string;
    url: string;
    location: { scriptId: string; lineNumber: number; columnNumber?: number };
  }
  interface Session {
    connectToMainThread(): void;
    disconnect(): void;
    post(method: string, done?: () => void): void;
    on(event: string, listener: (message: { params: never }) => void): void;
  }
  interface Builtins {
    readonly versions: Readonly<Record<string, string | undefined>>;
    getBuiltinModule(name: string): unknown;
  }
  const builtins = (globalThis as unknown as { process: Builtins }).process;
  const { workerData } = builtins.getBuiltinModule("node:worker_threads") as { workerData: WatchdogData };
  const inspector = builtins.getBuiltinModule("node:inspector") as
    | { Session: new () => Session; url(): string | undefined }
    | undefined;
  const fs = builtins.getBuiltinModule("node:fs") as { writeSync(fd: number, text: string): void };
  const { memory, port, isMain } = workerData;
  const [heart, task, limit, active] = [0, 1, 2, 3] as const;
  const deepest = 12;

  let beat = -1;
  let beatAt = performance.now();
  let hasLooked = false;
  let hasSpoken = false;
  let seen = "";

  const look = (): void => {
    const stalled = { beat: memory[heart], task: memory[task]! };
    // How much of the processor a worker has by itself is not known, so that it may just be starved.
    if (!isMain || inspector === undefined || inspector.url() !== undefined) return;
    const sight = (frames: Frame[]): void => port.postMessage({ task: stalled.task, frames });
    // Bun connects, and then never pauses.
    if (builtins.versions["bun"] !== undefined) return sight([]);
    const session = new inspector.Session();
    const scripts = new Map<string, string>();
    try {
      session.connectToMainThread();
    } catch {
      return sight([]);
    }
    session.on("Debugger.scriptParsed", ({ params }) => {
      const { scriptId, url } = params as { scriptId: string; url: string };
      scripts.set(scriptId, url);
    });
    session.on("Debugger.paused", ({ params }) => {
      // It may have gone on before it could be stopped: then this is somebody else's stack.
      if (memory[heart] === stalled.beat && memory[task] === stalled.task) {
        const frames = (params as { callFrames: CallFrame[] }).callFrames
          .slice(0, deepest)
          .map(({ functionName, url, location }) => ({
            name: functionName === "" ? "<anonymous>" : functionName,
            url: url === "" ? (scripts.get(location.scriptId) ?? "") : url,
            line: location.lineNumber + 1,
            column: (location.columnNumber ?? 0) + 1,
          }));
        seen = frames
          .map((each) => `    at ${each.name} (${each.url}:${each.line}:${each.column})\n`)
          .join("");
        sight(frames);
      }
      session.post("Debugger.resume");
      session.post("Debugger.disable", () => session.disconnect());
    });
    session.post("Debugger.enable", () => session.post("Debugger.pause"));
  };

  const speak = (ms: number): void => {
    const id = memory[task]!;
    const by = id === 0 ? "code outside of any task" : `task #${id}`;
    fs.writeSync(2, `millrace: the event loop has been blocked for ${Math.round(ms)} ms by ${by}\n${seen}`);
  };

  const check = (): void => {
    if (Atomics.load(memory, active) === 0) {
      Atomics.wait(memory, active, 0);
      beat = -1;
    }
    const now = performance.now();
    const most = memory[limit]!;
    if (memory[heart] !== beat) {
      beat = memory[heart]!;
      beatAt = now;
      hasLooked = hasSpoken = false;
      seen = "";
    } else if (now - beatAt >= most && !hasLooked) {
      hasLooked = true;
      look();
    } else if (now - beatAt >= Math.max(most * 20, 5000) && !hasSpoken) {
      hasSpoken = true;
      speak(now - beatAt);
    }
    setTimeout(check, Math.max(most / 4, 2));
  };
  check();
}
