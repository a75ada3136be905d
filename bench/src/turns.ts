/**
 * Contenders that take turns, each in a process of its own. The order rotates from round to round, so that whatever
 * disturbs the machine disturbs them alike; whoever has no turn waits.
 */
import { Child } from "./child.ts";
import { describe, type Turn } from "./measure.ts";
import type { Percentile, Workload } from "./workload.ts";

/** One figure for every round, by metric, or why there is none. */
export type Figures = Readonly<Record<"time" | Percentile, readonly number[]>> | { readonly error: string };

export async function takeTurns(
  workload: Workload,
  contenders: readonly string[],
  options: { readonly rounds: number; readonly quick: boolean; readonly wall: boolean },
): Promise<Figures[]> {
  const { rounds, quick, wall } = options;
  using children = new DisposableStack();
  const parties = contenders.map((contender) => ({
    child: children.use(new Child({ kind: "turns", workload: workload.name, contender, quick, wall })),
    turns: [] as Exclude<Turn, { error: string }>[],
    error: undefined as string | undefined,
  }));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < parties.length; turn++) {
      const party = parties[(turn + round) % parties.length]!;
      if (party.error !== undefined) continue;
      const result = await party.child.turn().catch((error: unknown): Turn => ({ error: describe(error) }));
      if ("error" in result) party.error = result.error;
      else party.turns.push(result);
    }
  }
  return parties.map(({ turns, error }) => {
    if (error !== undefined) return { error };
    const series = (metric: "time" | Percentile): number[] => turns.flatMap((turn) => turn[metric] ?? []);
    return { time: series("time"), p50: series("p50"), p99: series("p99") };
  });
}
