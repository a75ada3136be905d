import { describe, expect, test } from "vitest";
import { workloads } from "../src/workloads/index.ts";

/** Small enough for every contender; a power of ten as skynet needs, a multiple of its tasks for yields, one sleep of 1 ms. */
function operationsFor(name: string): number {
  if (name.includes("yields")) return 2000;
  return name.includes("sleep") ? 1 : 10;
}

for (const workload of workloads) {
  describe(workload.name, () => {
    for (const contender of workload.contenders) {
      test(`${contender.column} (${contender.name}) does the whole job`, async () => {
        const operations = operationsFor(workload.name);
        await using _ = await contender.prepare?.();
        let laps = 0;
        expect(await contender.run(operations, () => laps++)).toBe(workload.checksum(operations));
        if (workload.measures.some(({ metric }) => metric === "p99")) expect(laps).toBe(operations);
      });
    }
  });
}
