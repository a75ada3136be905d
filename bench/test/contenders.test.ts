import { describe, expect, test } from "vitest";
import { workloads } from "../src/workloads/index.ts";

/** Small enough for every contender and divisible as skynet (a power of ten) needs it. */
const OPERATIONS = 10;

for (const workload of workloads) {
  describe(workload.name, () => {
    for (const contender of workload.contenders) {
      test(`${contender.column} (${contender.name}) does the whole job`, async () => {
        const operations = workload.name.includes("yields") ? 2000 : OPERATIONS;
        expect(await contender.run(operations)).toBe(workload.checksum(operations));
      });
    }
  });
}
