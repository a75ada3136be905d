import { mpsc, type Routine, Runtime, sleep, spawn } from "millrace";
import { enable } from "millrace/diagnostics";
import { add, type Contender, sumBelow, type Workload } from "../workload.ts";

/** What recording costs: without it, with counts and times alone, and with source positions as well. */
const levels: readonly (readonly [name: string, how: string, record: () => Disposable | null])[] = [
  ["off", "without a recording", () => null],
  ["stacks: false", "enable({ stacks: false }): counts and times", () => enable({ stacks: false })],
  ["on", "enable(): source positions and futures that are never awaited as well", () => enable()],
];

function contenders(
  column: Contender["column"],
  body: (operations: number) => () => Routine<number>,
): Contender[] {
  return levels.map(([name, how, record]) => ({
    column,
    name,
    how,
    async run(operations) {
      using _ = record();
      return await new Runtime().run(body(operations));
    },
  }));
}

/** A process of its own for each: what has recorded once is compiled for it. */
const common = {
  quickOperations: 20_000,
  operations: 100_000,
  method: "fresh process",
  measures: [{ metric: "cpu", required: [] }],
} as const;

export const recordedSpawns: Workload = {
  ...common,
  name: "diagnostics: spawn, sleep and join",
  operation: "a task spawned that yields once, and joined",
  checksum: (operations) => operations,
  contenders: contenders("yield*", (operations) => () => spawns(operations)),
};

export const recordedChannel: Workload = {
  ...common,
  name: "diagnostics: bounded channel",
  operation: "a message sent and received",
  checksum: sumBelow,
  contenders: contenders("yield*", (operations) => () => messages(operations)),
};

function* one(): Routine<number> {
  yield* sleep(0);
  return 1;
}

function* spawns(operations: number): Routine<number> {
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, yield* spawn(one));
  return sum;
}

function* messages(operations: number): Routine<number> {
  const [tx, rx] = mpsc.channel<number>(32);
  const producer = spawn(function* () {
    for (let i = 0; i < operations; i++) yield* tx.send(i);
    tx.close();
  });
  let sum = 0;
  for (let i = 0; i < operations; i++) sum = add(sum, (yield* rx.recv())!);
  yield* producer;
  return sum;
}
