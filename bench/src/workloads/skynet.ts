import { Effect, Fiber } from "effect";
import { type Operation, run as runEffection, spawn as spawnEffection, type Task } from "effection";
import { asyncFn, type JoinHandle, type Routine, Runtime, spawn } from "millrace";
import { add, sumBelow, type Workload } from "../workload.ts";

/** Every node spawns ten children and adds up what they return; a leaf returns its number. `size` is a power of ten. */
export const skynet: Workload = {
  name: "skynet: 10-way tree, 1 000 000 leaves",
  operation: "a leaf",
  operations: 1_000_000,
  quickOperations: 1_000_000,
  checksum: sumBelow,
  method: "fresh process",
  measures: [
    { metric: "time", required: [{ column: "yield*", ratio: 0.25 }] },
    { metric: "peak", label: "skynet: peak memory", required: [{ column: "yield*", ratio: 0.5 }] },
  ],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "an async function that calls itself ten times and awaits Promise.all",
      run: (operations) => promiseNode(0, operations),
    },
    {
      column: "effect",
      name: "forkChild",
      how: "forks its ten children, then joins each",
      run: (operations) => Effect.runPromise(effectNode(0, operations)),
    },
    {
      column: "effect",
      name: "forEach",
      how: "Effect.forEach, concurrency unbounded, which makes no fiber for a ready value",
      run: (operations) => Effect.runPromise(effectForEachNode(0, operations)),
    },
    {
      column: "peer",
      name: "Effection",
      how: "spawns its ten children, then yields each task",
      operations: 1000,
      run: (operations) => runEffection(() => effectionNode(0, operations)),
    },
    {
      column: "await",
      name: "await",
      how: "spawns ten async tasks, then awaits each handle",
      run: (operations) => Runtime.current().run(() => awaitNode(0, operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "spawns ten calls of an asyncFn, then yields each handle",
      run: (operations) => Runtime.current().run(yieldNode(0, operations)),
    },
  ],
};

async function promiseNode(first: number, size: number): Promise<number> {
  if (size === 1) return first;
  const part = size / 10;
  const children: Promise<number>[] = [];
  for (let i = 0; i < 10; i++) children.push(promiseNode(first + i * part, part));
  let sum = 0;
  for (const value of await Promise.all(children)) sum = add(sum, value);
  return sum;
}

function effectNode(first: number, size: number): Effect.Effect<number> {
  return size === 1 ? Effect.succeed(first) : effectInnerNode(first, size);
}
const effectInnerNode = Effect.fnUntraced(function* (first: number, size: number) {
  const part = size / 10;
  const children: Fiber.Fiber<number>[] = [];
  for (let i = 0; i < 10; i++) children.push(yield* Effect.forkChild(effectNode(first + i * part, part)));
  let sum = 0;
  for (const child of children) sum = add(sum, yield* Fiber.join(child));
  return sum;
});

const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

function effectForEachNode(first: number, size: number): Effect.Effect<number> {
  if (size === 1) return Effect.succeed(first);
  const part = size / 10;
  return Effect.map(
    Effect.forEach(DIGITS, (i) => effectForEachNode(first + i * part, part), { concurrency: "unbounded" }),
    (values) => values.reduce(add, 0),
  );
}

function* effectionNode(first: number, size: number): Operation<number> {
  if (size === 1) return first;
  const part = size / 10;
  const children: Task<number>[] = [];
  for (let i = 0; i < 10; i++)
    children.push(yield* spawnEffection(() => effectionNode(first + i * part, part)));
  let sum = 0;
  for (const child of children) sum = add(sum, yield* child);
  return sum;
}

async function awaitNode(first: number, size: number): Promise<number> {
  if (size === 1) return first;
  const part = size / 10;
  const children: JoinHandle<number>[] = [];
  for (let i = 0; i < 10; i++) children.push(spawn(() => awaitNode(first + i * part, part)));
  let sum = 0;
  for (const child of children) sum = add(sum, await child);
  return sum;
}

const yieldNode = asyncFn(function* (first: number, size: number): Routine<number> {
  if (size === 1) return first;
  const part = size / 10;
  const children: JoinHandle<number>[] = [];
  for (let i = 0; i < 10; i++) children.push(spawn(yieldNode(first + i * part, part)));
  let sum = 0;
  for (const child of children) sum = add(sum, yield* child);
  return sum;
});
