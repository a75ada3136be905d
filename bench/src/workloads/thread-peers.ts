/** Thread pools of other libraries, with one thread each, made when they are first called. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export type Call = (n: number) => PromiseLike<number>;

const load = createRequire(import.meta.url);
const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

type Runner = new (options: object) => { run(n: number): Promise<number> };
interface Workerpool {
  pool(file: string, options: object): { exec(name: string, args: number[]): PromiseLike<number> };
}
interface Poolifier {
  FixedThreadPool: new (threads: number, file: string) => { execute(n: number): Promise<number> };
}

function once(make: () => Call): () => Call {
  let made: Call | undefined;
  return () => (made ??= make());
}

function runner(Pool: Runner, atOnce: number): Call {
  const pool = new Pool({
    filename: fileOf("threads-peer.mjs"),
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: atOnce,
  });
  return (n) => pool.run(n);
}

export const piscina = (atOnce: number): (() => Call) =>
  once(() => runner((load("piscina") as { Piscina: Runner }).Piscina, atOnce));
export const tinypool = (atOnce: number): (() => Call) =>
  once(() => runner((load("tinypool") as { default: Runner }).default, atOnce));
export const workerpool: () => Call = once(() => {
  const options = { minWorkers: 1, maxWorkers: 1, workerType: "thread" };
  const pool = (load("workerpool") as Workerpool).pool(fileOf("threads-workerpool.mjs"), options);
  return (n) => pool.exec("same", [n]);
});
export const poolifier: () => Call = once(() => {
  const { FixedThreadPool } = load("poolifier") as Poolifier;
  const pool = new FixedThreadPool(1, fileOf("threads-poolifier.mjs"));
  return (n) => pool.execute(n);
});
