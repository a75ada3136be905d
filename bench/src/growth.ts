/**
 * Whether the cost of an operation stays flat as tasks, waiters and timers go from 10³ to 10⁶, and
 * whether the heap is back at its floor afterwards.
 */
import {
  asyncFn,
  type Future,
  joinAll,
  type JoinHandle,
  PENDING,
  type Routine,
  Semaphore,
  type SemaphorePermit,
  sleep,
  spawn,
} from "millrace";
import { collectGarbage, settledHeap } from "./measure.ts";
import { REFERENCE, type Slope } from "./slope.ts";
import { median } from "./statistics.ts";

export interface Series {
  readonly name: string;
  /** What one operation is. */
  readonly operation: string;
  /** Among how many live things, smallest first. */
  readonly sizes: readonly number[];
  /** Does `operations` operations among `size` live things, and gives the milliseconds they took. */
  readonly run: (size: number) => Promise<{ readonly elapsed: number; readonly operations: number }>;
}

const TO_A_MILLION: readonly number[] = [1e3, 1e4, 1e5, 1e6];

export const series: readonly Series[] = [
  {
    name: REFERENCE,
    operation: "an async function called and awaited (for comparison)",
    sizes: TO_A_MILLION,
    async run(size) {
      const start = performance.now();
      const children: Promise<number>[] = [];
      for (let i = 0; i < size; i++) children.push(asyncOne());
      await Promise.all(children);
      return { elapsed: performance.now() - start, operations: size };
    },
  },
  {
    name: "tasks",
    operation: "a task spawned and joined",
    sizes: TO_A_MILLION,
    async run(size) {
      const start = performance.now();
      await spawn(() => spawnThenJoin(size));
      return { elapsed: performance.now() - start, operations: size };
    },
  },
  {
    name: "joined futures",
    operation: "one of the futures of a joinAll, of which none had to wait",
    sizes: TO_A_MILLION,
    async run(size) {
      const start = performance.now();
      const futures: Future<number>[] = [];
      for (let i = 0; i < size; i++) futures.push(readyOne());
      await joinAll(futures);
      return { elapsed: performance.now() - start, operations: size };
    },
  },
  {
    name: "waiters",
    operation: "a waiter queued, granted and served",
    sizes: TO_A_MILLION,
    async run(size) {
      const semaphore = new Semaphore(0);
      const start = performance.now();
      const waiters = queue(semaphore, size);
      semaphore.addPermits(size);
      for (const waiter of waiters) {
        const permit = waiter.poll(IDLE_WAKER);
        if (permit === PENDING) throw new Error("a granted waiter was still pending");
        permit.forget();
      }
      return { elapsed: performance.now() - start, operations: size };
    },
  },
  {
    name: "cancel one of the waiters",
    operation: "a waiter abandoned and another queued",
    sizes: [10, 100, 1000, 10_000],
    async run(size) {
      const semaphore = new Semaphore(0);
      const waiters = queue(semaphore, size);
      const start = performance.now();
      for (let i = 0; i < CANCELLATIONS; i++) {
        const index = (i * 7919) % size;
        abandon(waiters[index]!);
        const waiter = semaphore.acquire();
        waiter.poll(IDLE_WAKER);
        waiters[index] = waiter;
      }
      const elapsed = performance.now() - start;
      for (const waiter of waiters) abandon(waiter);
      return { elapsed, operations: CANCELLATIONS };
    },
  },
  {
    name: "timers",
    operation: "a sleep of up to an hour begun and abandoned",
    sizes: TO_A_MILLION,
    async run(size) {
      const start = performance.now();
      const sleeps: Future<void>[] = [];
      for (let i = 0; i < size; i++) {
        const nap = sleep(1 + ((i * 7919) % HOUR_MS));
        nap.poll(IDLE_WAKER);
        sleeps.push(nap);
      }
      for (const nap of sleeps) abandon(nap);
      return { elapsed: performance.now() - start, operations: size };
    },
  },
];

/** Every size is measured in several turns, smaller sizes with more runs in a turn. */
export async function measureGrowth(subject: Series, options: { readonly quick: boolean }): Promise<Slope> {
  const sizes = options.quick ? subject.sizes.slice(0, -1) : subject.sizes;
  const largest = sizes.at(-1)!;
  // Compiles the code, so that the smallest size does not pay for it.
  for (let i = 0; i < 20; i++) await subject.run(sizes[0]!);
  const floor = await settledHeap();
  const costs = sizes.map((): number[] => []);
  let total = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [index, size] of sizes.entries()) {
      collectGarbage();
      let elapsed = 0;
      let operations = 0;
      for (let done = 0; done < largest / 4; done += size) {
        const run = await subject.run(size);
        elapsed += run.elapsed;
        operations += run.operations;
      }
      total += operations;
      costs[index]!.push((elapsed * 1e6) / operations);
    }
  }
  const medians = costs.map(median);
  return {
    name: subject.name,
    operation: subject.operation,
    sizes,
    costs: medians,
    factor: medians.at(-1)! / medians[0]!,
    retained: ((await settledHeap()) - floor) / total,
  };
}

const TURNS = 3;
const CANCELLATIONS = 10_000;
const HOUR_MS = 3_600_000;
const IDLE_WAKER = { wake(): void {} };

function queue(semaphore: Semaphore, size: number): Future<SemaphorePermit>[] {
  const waiters: Future<SemaphorePermit>[] = [];
  for (let i = 0; i < size; i++) {
    const waiter = semaphore.acquire();
    waiter.poll(IDLE_WAKER);
    waiters.push(waiter);
  }
  return waiters;
}

function abandon(future: Future<unknown>): void {
  future[Symbol.dispose]();
}

const readyOne = asyncFn(function* (): Routine<number> {
  return 1;
});

async function asyncOne(): Promise<number> {
  return 1;
}
function* one(): Routine<number> {
  return 1;
}
function* spawnThenJoin(size: number): Routine<void> {
  const handles: JoinHandle<number>[] = [];
  for (let i = 0; i < size; i++) handles.push(spawn(one));
  for (const handle of handles) yield* handle;
}
