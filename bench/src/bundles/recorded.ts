/** What the diagnostics rows do. */
import { mpsc, type Routine, Runtime, sleep, spawn } from "millrace";
import { add } from "../workload.ts";

export async function run(what: "spawns" | "messages", operations: number): Promise<number> {
  return await new Runtime().run(what === "spawns" ? () => spawns(operations) : () => messages(operations));
}

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
