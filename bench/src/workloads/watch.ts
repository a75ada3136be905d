import { Effect, Fiber, Stream, SubscriptionRef } from "effect";
import { type Routine, Runtime, spawn, watch } from "millrace";
import { PromiseWatch } from "../promise-signals.ts";
import { add, sumBelow, type Workload } from "../workload.ts";

/** What both watched values are before the first change. */
const NOTHING = -1;

/** A value is changed, whoever watches it answers by changing another one. So no change is skipped. */
export const watchAnswer: Workload = {
  name: "watch, a change and its answer",
  operation: "two changes, each seen by the other side",
  operations: 200_000,
  quickOperations: 40_000,
  checksum: sumBelow,
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "a hand-rolled value and a promise of its next change (promise-signals.ts), two async functions",
      async run(operations) {
        const asked = new PromiseWatch(NOTHING);
        const answered = new PromiseWatch(NOTHING);
        const [, sum] = await Promise.all([
          answer(asked, answered, operations),
          ask(asked, answered, operations),
        ]);
        return sum;
      },
    },
    {
      column: "effect",
      name: "SubscriptionRef",
      how: "two SubscriptionRefs, set, and changes run in two fibers",
      operations: 5000,
      run: (operations) => Effect.runPromise(effectAsk(operations)),
    },
    {
      column: "await",
      name: "await",
      how: "two watch.channels, tx.send and await rx.changed() in async tasks",
      run: (operations) => Runtime.current().run(() => awaitAsk(operations)),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "two watch.channels, tx.send and yield* rx.changed() in generator tasks",
      run: (operations) => Runtime.current().run(() => yieldAsk(operations)),
    },
  ],
};

type Watched = PromiseWatch<number>;
async function answer(asked: Watched, answered: Watched, operations: number): Promise<void> {
  for (let seen = 0; seen < operations;) {
    await asked.changed(seen);
    seen = asked.version;
    answered.set(asked.value);
  }
}
async function ask(asked: Watched, answered: Watched, operations: number): Promise<number> {
  let sum = 0;
  for (let seen = 0; seen < operations;) {
    asked.set(seen);
    await answered.changed(seen);
    seen = answered.version;
    sum = add(sum, answered.value);
  }
  return sum;
}

type Tx = watch.Sender<number>;
type Rx = watch.Receiver<number>;
async function awaitAnswer(asked: Rx, answered: Tx, operations: number): Promise<void> {
  for (let i = 0; i < operations; i++) {
    await asked.changed();
    answered.send(asked.borrow());
  }
}
async function awaitAsk(operations: number): Promise<number> {
  const [ask, asked] = watch.channel(NOTHING);
  const [reply, answered] = watch.channel(NOTHING);
  const answering = spawn(() => awaitAnswer(asked, reply, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    ask.send(i);
    await answered.changed();
    sum = add(sum, answered.borrow());
  }
  await answering;
  return sum;
}

function* yieldAnswer(asked: Rx, answered: Tx, operations: number): Routine<void> {
  for (let i = 0; i < operations; i++) {
    yield* asked.changed();
    answered.send(asked.borrow());
  }
}
function* yieldAsk(operations: number): Routine<number> {
  const [ask, asked] = watch.channel(NOTHING);
  const [reply, answered] = watch.channel(NOTHING);
  const answering = spawn(() => yieldAnswer(asked, reply, operations));
  let sum = 0;
  for (let i = 0; i < operations; i++) {
    ask.send(i);
    yield* answered.changed();
    sum = add(sum, answered.borrow());
  }
  yield* answering;
  return sum;
}

/** A stream of changes begins with the current value: `NOTHING` is what the first question answers. */
const effectAsk = Effect.fnUntraced(function* (operations: number) {
  const asked = yield* SubscriptionRef.make(NOTHING);
  const answered = yield* SubscriptionRef.make(NOTHING);
  const last = operations - 1;
  const answering = yield* Effect.forkChild(
    SubscriptionRef.changes(asked).pipe(
      Stream.takeUntil((value) => value === last),
      Stream.runForEach((value) => (value === NOTHING ? Effect.void : SubscriptionRef.set(answered, value))),
    ),
  );
  let sum = 0;
  yield* SubscriptionRef.changes(answered).pipe(
    Stream.takeUntil((value) => value === last),
    Stream.runForEach((value) => {
      if (value !== NOTHING) sum = add(sum, value);
      return value === last ? Effect.void : SubscriptionRef.set(asked, value + 1);
    }),
  );
  yield* Fiber.join(answering);
  return sum;
});
