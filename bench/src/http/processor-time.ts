/**
 * Processor time of this process so far, in µs. Garbage is collected before, which does not count, so that
 * nobody pays for what was there before; what a collection sets off (finalizers) counts for whoever left it.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { collectGarbage } from "../measure.ts";

let collecting = 0;

export async function processorTime(): Promise<number> {
  const before = used();
  collectGarbage();
  collecting += used() - before;
  for (let turn = 0; turn < 4; turn++) await nextTurn();
  return used() - collecting;
}

function used(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
