import { Effect } from "effect";
import { asyncFn, Future, PENDING, type Poll, ready, type Routine, Runtime, type Waker } from "millrace";
import { suspendOnce } from "../suspend-once.ts";
import { add, type Workload } from "../workload.ts";

/** In one call. */
const WAITS = 10;

/** What `async` compiles to (page 11 of the guide): the same body as an async function, a generator and by hand. */
export const readyBody: Workload = {
  name: "a call that waits for ten values that are ready",
  operation: "a call",
  operations: 100_000,
  quickOperations: 20_000,
  checksum: (operations) => add(0, operations * WAITS),
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "an async function that awaits ten resolved promises",
      run: (operations) => sumOf(operations, promiseBody),
    },
    {
      column: "effect",
      name: "Effect.gen",
      how: "Effect.gen over ten effects that succeed",
      run: (operations) => Effect.runPromise(effectCalls(operations)),
    },
    {
      column: "await",
      name: "await",
      how: "an asyncFn of an async function that awaits ten ready futures",
      run: (operations) => Runtime.current().run(() => sumOf(operations, () => asyncBody(readyValue))),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "an asyncFn of a generator that yields to ten ready futures",
      run: (operations) =>
        Runtime.current().run(() => sumOfYielded(operations, () => generatorBody(readyValue))),
    },
    {
      column: "yield*",
      name: "by hand",
      how: "a Future whose poll goes through ten states",
      run: (operations) =>
        Runtime.current().run(() => sumOfYielded(operations, () => new ByHand(readyValue))),
    },
  ],
};

/** The same, if each value must be waited for: not there when first asked for, and there at the next turn. */
export const suspendingBody: Workload = {
  ...readyBody,
  name: "a call that waits for ten values that are not ready",
  operations: 20_000,
  quickOperations: 5000,
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "an async function that awaits ten promises of async functions that await once",
      run: (operations) => sumOf(operations, suspendingPromiseBody),
    },
    {
      column: "await",
      name: "await",
      how: "an asyncFn of an async function that awaits ten futures that suspend once",
      run: (operations) => Runtime.current().run(() => sumOf(operations, () => asyncBody(suspendOnce))),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "an asyncFn of a generator that yields to ten futures that suspend once",
      run: (operations) =>
        Runtime.current().run(() => sumOfYielded(operations, () => generatorBody(suspendOnce))),
    },
    {
      column: "yield*",
      name: "by hand",
      how: "a Future whose poll goes through ten states that suspend once",
      run: (operations) =>
        Runtime.current().run(() => sumOfYielded(operations, () => new ByHand(suspendOnce))),
    },
  ],
};

type Make = () => Future<unknown>;
const readyValue: Make = () => ready(1);

async function sumOf(operations: number, call: () => PromiseLike<number>): Promise<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, await call());
  return sum;
}
function* sumOfYielded(operations: number, call: () => Future<number>): Routine<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* call());
  return sum;
}

async function promiseBody(): Promise<number> {
  let sum = 0;
  for (let i = 0; i < WAITS; i++) sum += await Promise.resolve(1);
  return sum;
}
async function suspendingPromiseBody(): Promise<number> {
  let sum = 0;
  for (let i = 0; i < WAITS; i++) sum += await later();
  return sum;
}
async function later(): Promise<number> {
  await undefined;
  return 1;
}

const asyncBody = asyncFn(async (make: Make): Promise<number> => {
  let sum = 0;
  for (; sum < WAITS; sum++) await make();
  return sum;
});
const generatorBody = asyncFn(function* (make: Make): Routine<number> {
  let sum = 0;
  for (; sum < WAITS; sum++) yield* make();
  return sum;
});

class ByHand extends Future<number> {
  readonly #make: Make;
  /** The state: how many were waited for. */
  #sum: number = 0;
  #inner: Future<unknown> | null = null;
  constructor(make: Make) {
    super();
    this.#make = make;
  }
  poll(waker: Waker): Poll<number> {
    for (; this.#sum < WAITS; this.#sum++) {
      this.#inner ??= this.#make();
      if (this.#inner.poll(waker) === PENDING) return PENDING;
      this.#inner = null;
    }
    return this.#sum;
  }
}

const one = Effect.succeed(1);
const effectBody = Effect.gen(function* () {
  let sum = 0;
  for (let i = 0; i < WAITS; i++) sum += yield* one;
  return sum;
});
const effectCalls = Effect.fnUntraced(function* (operations: number) {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* effectBody);
  return sum;
});
