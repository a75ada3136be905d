import { Barrier, type JoinHandle, type Routine, Runtime, spawn } from "millrace";
import { PromiseBarrier } from "../promise-signals.ts";
import type { Workload } from "../workload.ts";

const PARTIES = 10;

/**
 * Ten tasks meet again and again. What counts are the arrivals of the rounds that were led: a round
 * that did not take place, or had two leaders, would show.
 */
export const barrier: Workload = {
  name: "barrier, 10 parties",
  operation: "an arrival",
  operations: 500_000,
  quickOperations: 100_000,
  checksum: (operations) => operations,
  method: "turns",
  measures: [{ metric: "time", required: [] }],
  contenders: [
    {
      column: "promise",
      name: "promise",
      how: "a hand-rolled count and a promise a round (promise-signals.ts)",
      async run(operations) {
        const meeting = new PromiseBarrier(PARTIES);
        const parties: Promise<number>[] = [];
        for (let p = 0; p < PARTIES; p++) parties.push(meet(meeting, operations / PARTIES));
        let leads = 0;
        for (const count of await Promise.all(parties)) leads += count;
        return leads * PARTIES;
      },
    },
    {
      column: "await",
      name: "await",
      how: "await barrier.wait() in async tasks",
      run: (operations) =>
        Runtime.current().run(async () => {
          const meeting = new Barrier(PARTIES);
          const parties: JoinHandle<number>[] = [];
          for (let p = 0; p < PARTIES; p++)
            parties.push(spawn(() => awaitMeet(meeting, operations / PARTIES)));
          let leads = 0;
          for (const party of parties) leads += await party;
          return leads * PARTIES;
        }),
    },
    {
      column: "yield*",
      name: "yield*",
      how: "yield* barrier.wait() in generator tasks",
      run: (operations) => Runtime.current().run(() => yieldAll(operations)),
    },
  ],
};

async function meet(meeting: PromiseBarrier, rounds: number): Promise<number> {
  let leads = 0;
  for (let i = 0; i < rounds; i++) if (await meeting.wait()) leads++;
  return leads;
}

async function awaitMeet(meeting: Barrier, rounds: number): Promise<number> {
  let leads = 0;
  for (let i = 0; i < rounds; i++) if ((await meeting.wait()).isLeader) leads++;
  return leads;
}

function* yieldMeet(meeting: Barrier, rounds: number): Routine<number> {
  let leads = 0;
  for (let i = 0; i < rounds; i++) if ((yield* meeting.wait()).isLeader) leads++;
  return leads;
}
function* yieldAll(operations: number): Routine<number> {
  const meeting = new Barrier(PARTIES);
  const parties: JoinHandle<number>[] = [];
  for (let p = 0; p < PARTIES; p++) parties.push(spawn(() => yieldMeet(meeting, operations / PARTIES)));
  let leads = 0;
  for (const party of parties) leads += yield* party;
  return leads * PARTIES;
}
