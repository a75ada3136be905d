/** Thread pools of other libraries, and a bare MessagePort; made when they are first called. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Worker, type Transferable } from "node:worker_threads";

/** The functions of `threads-peer.mjs`. */
export type FunctionName = "same" | "sizeOf" | "uneven";
export type PeerCall = <R>(
  name: FunctionName,
  argument: unknown,
  transfer?: readonly Transferable[],
) => PromiseLike<R>;

const load = createRequire(import.meta.url);
const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

type Runner = new (options: object) => { run<R>(argument: unknown, options: object): Promise<R> };
interface Workerpool {
  pool(
    file: string,
    options: object,
  ): { exec<R>(name: string, args: unknown[], options: object): PromiseLike<R> };
}
interface Poolifier {
  FixedThreadPool: new (
    threads: number,
    file: string,
  ) => {
    execute<R>(
      argument: unknown,
      name: string,
      signal?: AbortSignal,
      transfer?: readonly Transferable[],
    ): Promise<R>;
  };
}

interface Multithreading {
  readonly initRuntime: (options: { maxWorkers: number }) => void;
  readonly move: (...args: unknown[]) => unknown;
  readonly spawn: (
    moved: unknown,
    fn: (...args: never[]) => unknown,
  ) => { join(): Promise<{ ok: boolean; value: unknown }> };
}

function once(make: () => PeerCall): () => PeerCall {
  let made: PeerCall | undefined;
  return () => (made ??= make());
}

function runner(Pool: Runner, threads: number, atOnce: number): PeerCall {
  const pool = new Pool({
    filename: fileOf("threads-peer.mjs"),
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: atOnce,
  });
  return (name, argument, transferList = []) =>
    pool.run(argument, { name: name === "same" ? "default" : name, transferList });
}

export interface Peer {
  readonly name: string;
  readonly how: string;
  readonly call: () => PeerCall;
  /** It takes some tens of microseconds for a call. */
  readonly isSlow: boolean;
}

/** All of them, with so many threads each. */
export function peersWith(threads: number): readonly Peer[] {
  const piscina = (atOnce: number): (() => PeerCall) =>
    once(() => runner((load("piscina") as { Piscina: Runner }).Piscina, threads, atOnce));
  const tinypool = (atOnce: number): (() => PeerCall) =>
    once(() => runner((load("tinypool") as { default: Runner }).default, threads, atOnce));
  const workerpool = once(() => {
    const options = { minWorkers: threads, maxWorkers: threads, workerType: "thread" };
    const pool = (load("workerpool") as Workerpool).pool(fileOf("threads-workerpool.mjs"), options);
    return (name, argument, transfer = []) => pool.exec(name, [argument], { transfer });
  });
  const poolifier = once(() => {
    const { FixedThreadPool } = load("poolifier") as Poolifier;
    const pool = new FixedThreadPool(threads, fileOf("threads-poolifier.mjs"));
    return (name, argument, transfer) => pool.execute(argument, name, undefined, transfer);
  });
  const peer = (name: string, how: string, call: () => PeerCall, isSlow: boolean = true): Peer => ({
    name,
    how,
    call,
    isSlow,
  });
  return [
    peer("piscina, 64 at once", "concurrentTasksPerWorker: 64", piscina(64), false),
    peer("piscina", "its defaults", piscina(1)),
    peer("tinypool, 64 at once", "concurrentTasksPerWorker: 64", tinypool(64), false),
    peer("tinypool", "its defaults", tinypool(1)),
    peer("workerpool", "workerType: thread", workerpool),
    peer("poolifier", "FixedThreadPool", poolifier),
    peer(
      "multithreading",
      "spawn(move(argument), function)",
      once(() => moving(threads)),
      false,
    ),
    peer(
      "MessagePort",
      "by hand: a number a call, threads in turn",
      once(() => ports(threads)),
      false,
    ),
  ];
}

/** It has one runtime a process: in the bench, one a row. */
let hasRuntime = false;
/** It sends functions as source, and moves what can be moved. */
function moving(threads: number): PeerCall {
  const { initRuntime, move, spawn } = load("multithreading") as Multithreading;
  if (!hasRuntime) initRuntime({ maxWorkers: threads });
  hasRuntime = true;
  const functions: Record<FunctionName, (...args: never[]) => unknown> = {
    same: (n: unknown) => n,
    sizeOf: (buffer: ArrayBuffer) => buffer.byteLength,
    uneven: (n: number) => {
      const fib = (each: number): number => (each < 2 ? each : fib(each - 1) + fib(each - 2));
      return fib(n % 8 === 0 ? 20 : 12) < 0 ? -1 : n;
    },
  };
  return async <R>(name: FunctionName, argument: unknown): Promise<R> => {
    const result = await spawn(move(argument), functions[name]).join();
    if (!result.ok) throw result.value;
    return result.value as R;
  };
}

function ports(threads: number): PeerCall {
  const waiting = new Map<number, (value: never) => void>();
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(fileOf("threads-port.mjs"));
    worker.on("message", ([id, value]: [number, never]) => {
      waiting.get(id)!(value);
      waiting.delete(id);
    });
    return worker;
  });
  let next = 0;
  return (name, argument, transfer = []) =>
    new Promise((resolve) => {
      const id = next++;
      waiting.set(id, resolve);
      workers[id % threads]!.postMessage([id, name, argument], transfer);
    });
}
