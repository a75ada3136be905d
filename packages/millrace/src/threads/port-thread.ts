/** A thread of a pool whose threads share no memory, from the inside. */
import { packError } from "../internal/error-envelope.ts";
import type { Transferable } from "../internal/platform.ts";
import { host } from "../runtime/host.ts";
import { stage } from "../runtime/stage.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import { parentPort, type Port } from "./backend.ts";
import { CallRunner, type Desk } from "./call-runner.ts";
import { keyOf, type Reference } from "./function-table.ts";
import { home, type Calls } from "./home.ts";
import type { ThreadPoolMetrics } from "./pool-metrics.ts";
import {
  packed,
  unpacked,
  type FromPortThread,
  type PortPayload,
  type PortThreadStart,
  type ToPortThread,
} from "./port-messages.ts";
import type { SubmittedCall } from "./submitted-call.ts";
import { ThreadFunctions, type References } from "./thread-functions.ts";

/** How often a thread that imports a module looks whether it has, in ms. */
const IMPORT_LOOK_MS = 1;

export function startPortThread({ threads, self, queue }: PortThreadStart): void {
  const port = parentPort!;
  const tell = (message: FromPortThread, moved: readonly Transferable[] = []): void =>
    port.postMessage(message, moved);
  const calls = new PortCaller(tell);
  const desk = new PortDesk(tell);
  home.engine = {
    submitter: calls,
    threads,
    room: new WaitQueue(queue),
    closed: undefined,
    metrics: () => calls.metrics(threads),
    kill: (_, id, why) => tell({ type: "kill", id, why }),
  };
  home.thread = self;
  stage.isPoolThread = true;
  listen(port, (message) => {
    if (message.type === "call") desk.begin(message.id, message.fn, message.args);
    else if (message.type === "cancel") desk.cancel(message.id);
    else calls.receive(message.id, message.hasFailed, message.value, message.classesOf);
  });
  tell({ type: "ready" });
}
function listen(port: Port, listener: (message: ToPortThread) => void): void {
  port.on("message", (message) => listener(message as ToPortThread));
}

/** Functions by numbers of this thread's own. */
class OwnReferences implements References {
  readonly #ids: Map<string, number> = new Map();
  readonly #references: Reference[] = [];
  idOf(reference: Reference): number {
    const key = keyOf(reference);
    let id = this.#ids.get(key);
    if (id === undefined) this.#ids.set(key, (id = this.#references.push(reference) - 1));
    return id;
  }
  describe(id: number): Reference {
    return this.#references[id]!;
  }
}

/** Runs what comes, one call after the other, and those that wait beside them. */
class PortDesk implements Desk {
  readonly #tell: (message: FromPortThread, moved?: readonly Transferable[]) => void;
  readonly #references: OwnReferences = new OwnReferences();
  readonly #runner: CallRunner = new CallRunner(new ThreadFunctions(this.#references), this);
  readonly #cancelWords: Map<number, Int32Array> = new Map();

  constructor(tell: (message: FromPortThread, moved?: readonly Transferable[]) => void) {
    this.#tell = tell;
  }

  begin(id: number, fn: Reference, args: PortPayload): void {
    this.#cancelWords.set(id, new Int32Array(1));
    try {
      this.#runner.begin(id, this.#references.idOf(fn), unpacked(args) as unknown[]);
    } catch (error) {
      this.#runner.fail(id, error);
    }
    if (this.#runner.has(id)) host.macrotask(() => this.#sayThatItWaits(id));
  }
  #sayThatItWaits(id: number): void {
    if (!this.#runner.has(id)) return;
    if (!this.#runner.isImporting) this.#tell({ type: "waits", id });
    else host.timer(IMPORT_LOOK_MS, () => this.#sayThatItWaits(id));
  }
  cancel(id: number): void {
    const word = this.#cancelWords.get(id);
    if (word === undefined) return;
    word[0] = 1;
    this.#runner.cancelAbandoned();
  }

  entered(): void {}
  left(): void {}
  cancelWord(id: number): readonly [words: Int32Array, at: number] {
    return [this.#cancelWords.get(id)!, 0];
  }
  complete(id: number, hasFailed: boolean, result: unknown): void {
    this.#cancelWords.delete(id);
    this.#runner.forget(id);
    try {
      this.#end(id, hasFailed, result);
    } catch (error) {
      // The result cannot be cloned; the error that says so can, and may name all of it.
      const why = hasFailed ? new Error(`${String(error).slice(0, 1000)} …`) : error;
      this.#end(id, true, packError(why));
    }
  }
  #end(id: number, hasFailed: boolean, result: unknown): void {
    const value = packed(result);
    this.#tell({ type: "end", id, hasFailed, value }, value.moved);
  }
}

/** What this thread calls: the main one does it for it. */
class PortCaller implements Calls {
  readonly #tell: (message: FromPortThread, moved?: readonly Transferable[]) => void;
  readonly #calls: Map<number, SubmittedCall> = new Map();
  #next: number = 0;
  #completed: number = 0;

  constructor(tell: (message: FromPortThread, moved?: readonly Transferable[]) => void) {
    this.#tell = tell;
  }

  submit(call: SubmittedCall): void {
    const { url, position, check, name } = call.entry;
    const args = packed(call.args, call.transfer);
    const { isPinned, isIdempotent } = call;
    const id = this.#next++;
    const fn = { url, position, check, name };
    this.#tell({ type: "submit", id, fn, args, isPinned, isIdempotent }, args.moved);
    call.slot = id;
    this.#calls.set(id, call);
  }
  /** Whether it has begun is known elsewhere: its end comes in any case. */
  abandon(call: SubmittedCall): boolean {
    if (this.#calls.get(call.slot) === call) this.#tell({ type: "drop", id: call.slot });
    return false;
  }
  /** Named by the call: the main thread knows who runs it. */
  runner(call: SubmittedCall): { readonly thread: number; readonly incarnation: number } | undefined {
    return this.#calls.get(call.slot) === call ? { thread: 0, incarnation: call.slot } : undefined;
  }

  /** Of this thread's calls: the main one has the pool's. */
  metrics(threads: number): ThreadPoolMetrics {
    const [running, completed] = [this.#calls.size, this.#completed];
    const unknown = { queued: 0, stolen: 0, restarted: 0, parked: 0 };
    return { threads, running, completed, ...unknown, transport: "messages" };
  }

  receive(id: number, hasFailed: boolean, value: PortPayload, classesOf: string | undefined): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    this.#completed++;
    if (hasFailed) call.fail(unpacked(value), classesOf);
    else call.settle(unpacked(value));
  }
}
