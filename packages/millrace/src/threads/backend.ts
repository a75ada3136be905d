/**
 * What threads need of the platform, in one place: workers, message ports, bytes and cloning. Node's
 * `worker_threads` today. A browser could provide the same with Web Workers, sharing memory in a
 * cross-origin-isolated page and by message elsewhere (`sharesMemory`); nothing above this file would have to
 * know.
 */
import type { Transferable } from "../internal/platform.ts";
import { hostProcess } from "../runtime/host.ts";

/** One end of the line between the main thread and a thread of the pool. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly Transferable[]): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
  ref(): void;
  unref(): void;
}

export interface WorkerOptions {
  readonly name: string;
  readonly workerData: unknown;
  readonly resourceLimits?: { maxOldGenerationSizeMb?: number } | undefined;
}

/** A thread as the main thread sees it. */
export interface WorkerHandle {
  postMessage(message: unknown, transfer?: readonly Transferable[]): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "exit", listener: (code: number) => void): unknown;
  /** −1 once it has ended. */
  readonly threadId: number;
  terminate(): Promise<number>;
  ref(): void;
  unref(): void;
}

interface WorkerThreads {
  readonly isMainThread: boolean;
  readonly threadId: number;
  readonly workerData: unknown;
  readonly parentPort: Port | null;
  receiveMessageOnPort(port: Port): { message: unknown } | undefined;
  MessagePort: new () => Port;
  Worker: new (url: URL, options: WorkerOptions) => WorkerHandle;
}

/** The part of Node's `Buffer` over shared bytes that strings are copied with. */
export interface Bytes extends Uint8Array {
  latin1Write(text: string, offset: number): number;
  ucs2Write(text: string, offset: number): number;
  latin1Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
}
interface Buffers {
  Buffer: { from(memory: ArrayBufferLike): Bytes };
}
export interface Serializer {
  writeHeader(): void;
  writeValue(value: unknown): boolean;
  releaseBuffer(): Uint8Array;
  /** Of V8, for views of bytes. */
  _writeHostObject(view: ArrayBufferView): void;
}
export interface Deserializer {
  readHeader(): boolean;
  readValue(): unknown;
  /** Of V8, for views of bytes. */
  _readHostObject(): ArrayBufferView;
}
export interface V8 {
  serialize(value: unknown): Uint8Array;
  deserialize(bytes: Uint8Array): unknown;
  DefaultSerializer: new () => Serializer;
  DefaultDeserializer: new (bytes: Uint8Array) => Deserializer;
}

function builtin(name: string): unknown {
  return hostProcess?.getBuiltinModule?.(`node:${name}`);
}

const threads = builtin("worker_threads") as WorkerThreads | undefined;
const buffers = builtin("buffer") as Buffers | undefined;
/** What values are cloned into bytes with. */
export const v8: V8 | undefined = builtin("v8") as V8 | undefined;
const os = builtin("os") as { availableParallelism(): number } | undefined;

/** What whoever started this thread gave it; `undefined` on a process's first thread. */
export const workerData: unknown = threads?.workerData ?? undefined;
/** Of this thread, 0 for a process's first; no two threads of a process ever have the same. */
export const threadNumber: number = threads?.threadId ?? 0;
export const parentPort: Port | null = threads?.parentPort ?? null;

/** @throws TypeError where there can be no pool: what a call is then rejected with. */
export function requireThreads(): void {
  if (threads !== undefined) return;
  throw new TypeError(
    "millrace/threads needs node:worker_threads, which this platform does not have; call fn.local(…) to run a threaded function where you are",
  );
}

/**
 * Whether threads can share memory and wait in it; where they cannot, or where `MILLRACE_THREADS=messages`
 * asks for it, calls go by message (port-workshop.ts). A page needs to be isolated from others for it.
 */
export function sharesMemory(): boolean {
  return (
    globalThis.SharedArrayBuffer !== undefined &&
    Atomics.waitAsync !== undefined &&
    hostProcess?.env?.["MILLRACE_THREADS"] !== "messages"
  );
}
export function startWorker(url: string, options: WorkerOptions): WorkerHandle {
  requireThreads();
  return new threads!.Worker(new URL(url), options);
}

/**
 * Whether a thread has stopped running code when its handle says that it has ended. Deno (2.9) says so as soon
 * as `terminate` is called: what the thread is doing then it does to its end, a loop without one for ever.
 * Where a thread ends itself, all say so afterwards.
 */
export const terminationWaits: boolean = !("Deno" in globalThis);

/**
 * Ends this thread; nothing after it runs. On Deno (2.9) `exit` turns in a loop for ever, at full speed, when the
 * thread has been terminated from outside before.
 */
export function exitThread(): void {
  if (terminationWaits) return hostProcess!.exit(1);
  (globalThis as unknown as { close(): void }).close();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/**
 * The next message that waits at the port, taken without a turn of the event loop. What Deno gives a thread
 * is no `MessagePort` to it: there the message comes as an event, a turn later.
 */
export function receive(port: Port): { message: unknown } | undefined {
  return port instanceof threads!.MessagePort ? threads!.receiveMessageOnPort(port) : undefined;
}

export function bytesOf(memory: ArrayBufferLike): Bytes {
  return buffers!.Buffer.from(memory);
}

export function cores(): number {
  return os?.availableParallelism() ?? 1;
}

/** What keeps this thread's event loop alive, by name. */
export function activeResources(): number {
  const list = hostProcess as { getActiveResourcesInfo?(): string[] } | undefined;
  return list?.getActiveResourcesInfo?.().length ?? 0;
}
