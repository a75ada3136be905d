/** `npm run example examples/bank/src/main.ts [seed]`: begin with the README beside this folder. */
import { main } from "millrace";
import { formatReport } from "./report.ts";
import { defaults, run } from "./run.ts";

const seed = Number(process.argv[2] ?? defaults.seed);
if (Number.isSafeInteger(seed)) {
  /** Failures that reach nobody come here, from wherever they are. */
  const reported: unknown[] = [];
  await main(
    function* () {
      const summary = yield* run({ ...defaults, seed });
      console.log(formatReport(summary, reported.length));
      if (summary.audit.complaints.length > 0) process.exitCode = 1;
    },
    { name: "bank", seed, onTaskFailure: ({ error }) => void reported.push(error) },
  );
} else {
  console.error(`bank: the seed must be an integer, got ${process.argv[2]}`);
  process.exitCode = 2;
}
