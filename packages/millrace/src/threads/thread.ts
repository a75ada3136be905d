/**
 * A thread of a pool, from the inside: connects the loop, the runner and the thread's own calls with the
 * line to the main thread.
 */
import type { Transferable } from "../internal/platform.ts";
import { stage } from "../runtime/stage.ts";
import { WaitQueue } from "../runtime/wait-queue.ts";
import { parentPort, receive, type Port } from "./backend.ts";
import { FunctionTable } from "./function-table.ts";
import { graves } from "./graves.ts";
import { home, type Engine } from "./home.ts";
import type { PayloadMessage } from "./payload.ts";
import { SharedFigures } from "./shared-figures.ts";
import { SharedMemory } from "./shared-memory.ts";
import { Submitter, type Threads } from "./submitter.ts";
import { TaskRunner, type Mail } from "./task-runner.ts";
import { ThreadLoop } from "./thread-loop.ts";

/** What a thread is started with. */
export interface ThreadStart {
  readonly buffer: SharedArrayBuffer;
  readonly threads: number;
  readonly self: number;
  readonly incarnation: number;
  readonly idleTimeout: number;
  readonly queue: number;
  readonly graves: SharedArrayBuffer;
}

/** From a thread to the main one. */
export type FromThread =
  | { readonly type: "ready" | "retire" }
  | { readonly type: "grow"; readonly thread: number | undefined }
  | { readonly type: "kill"; readonly thread: number; readonly incarnation: number; readonly why: string }
  /** A payload for another thread. */
  | {
      readonly type: "relay";
      readonly to: number;
      readonly payload: PayloadMessage;
      readonly transfer: readonly Transferable[];
    }
  | PayloadMessage;

export function startThread(start: ThreadStart): void {
  const { self, incarnation, threads } = start;
  const port = parentPort!;
  graves.adopt(start.graves);
  const memory = new SharedMemory(threads, start.buffer, self, incarnation);
  const { tenure } = memory;
  tenure.begin();
  const table = new FunctionTable(memory);
  const tell = (message: FromThread, transfer?: readonly Transferable[]): void =>
    port.postMessage(message, transfer);
  const mail = new PortMail(port, (payload) => submitter.receive(payload), tell, self);
  const submitter = new Submitter(memory, self, table, new RemoteThreads(threads, self, tell));
  const runner = new TaskRunner(memory, self, incarnation, table, mail);
  const loop = new ThreadLoop(memory, self, runner, submitter, start.idleTimeout, () =>
    tell({ type: "retire" }),
  );
  const figures = new SharedFigures(memory);
  const engine: Engine = {
    submitter,
    threads,
    room: new WaitQueue(start.queue),
    closed: undefined,
    metrics: () => figures.metrics(submitter.backlog),
    kill: (thread, life, why) => tell({ type: "kill", thread, incarnation: life, why }),
  };
  memory.parking.bell = (participant) => {
    if (participant !== 0) return false;
    port.postMessage(null);
    return true;
  };
  stage.isPoolThread = true;
  home.engine = engine;
  home.thread = self;
  port.on("message", (message) => {
    tenure.begin();
    mail.accept(message as PayloadMessage | null);
    tenure.end();
    loop.wake();
  });
  loop.start();
  tenure.end();
  tell({ type: "ready" });
}

/** Payloads that come and go by message. */
class PortMail implements Mail {
  readonly #port: Port;
  readonly #receive: (payload: PayloadMessage) => void;
  readonly #tell: (message: FromThread, transfer?: readonly Transferable[]) => void;
  readonly #self: number;
  readonly #came: Map<number, PayloadMessage> = new Map();
  readonly #awaited: Map<
    number,
    { readonly generation: number; readonly resolve: (payload: PayloadMessage) => void }
  > = new Map();

  constructor(
    port: Port,
    receivePayload: (payload: PayloadMessage) => void,
    tell: (message: FromThread, transfer?: readonly Transferable[]) => void,
    self: number,
  ) {
    this.#port = port;
    this.#receive = receivePayload;
    this.#tell = tell;
    this.#self = self;
  }

  accept(payload: PayloadMessage | null): void {
    // Anything else only wakes.
    if (payload === null) return;
    if (payload.type === "result") return this.#receive(payload);
    const awaited = this.#awaited.get(payload.slot);
    if (awaited?.generation === payload.generation) {
      this.#awaited.delete(payload.slot);
      awaited.resolve(payload);
    } else this.#came.set(payload.slot, payload);
  }

  argumentsFor(slot: number, generation: number): PayloadMessage | Promise<PayloadMessage> {
    for (;;) {
      const payload = this.#came.get(slot);
      if (payload?.generation === generation) {
        this.#came.delete(slot);
        return payload;
      }
      const next = receive(this.#port);
      if (next === undefined) break;
      this.accept(next.message as PayloadMessage | null);
    }
    // Another thread has sent it through the main one.
    return new Promise((resolve) => this.#awaited.set(slot, { generation, resolve }));
  }

  sendResult(owner: number, result: PayloadMessage): void {
    if (owner === 0) this.#tell(result);
    else if (owner === this.#self) this.#receive(structuredClone(result));
    else this.#tell({ type: "relay", to: owner, payload: result, transfer: [] });
  }
}

/** The pool's threads as one of them sees them: the main thread does what it asks. */
class RemoteThreads implements Threads {
  readonly #count: number;
  readonly #tell: (message: FromThread, transfer?: readonly Transferable[]) => void;
  #next: number;

  constructor(
    count: number,
    self: number,
    tell: (message: FromThread, transfer?: readonly Transferable[]) => void,
  ) {
    this.#count = count;
    this.#tell = tell;
    this.#next = self;
  }
  /** Asked for at most once in a while: the main thread starts all that are missing. */
  #asked: number = -Infinity;
  grow(thread?: number): void {
    const now = performance.now();
    if (thread === undefined && now - this.#asked < 10) return;
    this.#asked = now;
    this.#tell({ type: "grow", thread });
  }
  obituary(thread: number): { text: string; exitCode: undefined; cause: undefined } {
    return { text: `thread ${thread} of the pool ended`, exitCode: undefined, cause: undefined };
  }
  send(thread: number, payload: PayloadMessage, transfer: readonly Transferable[]): void {
    this.#tell({ type: "relay", to: thread, payload, transfer }, transfer);
  }
  choose(): number {
    this.#next = (this.#next % this.#count) + 1;
    return this.#next;
  }
  released(): void {}
  busy(): void {}
}
