/**
 * Makes the figures of the reliability page from a run of the tests:
 *
 *   MILLRACE_TALLY=/tmp/tally npm test -- --reporter=json --outputFile=/tmp/tests.json
 *   npx node docs/reliability/publish.ts /tmp/tests.json /tmp/tally
 */
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

interface Report {
  readonly startTime: number;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const [, , reportFile, tallyFile] = process.argv;
if (reportFile === undefined || tallyFile === undefined) {
  console.error("usage: node docs/reliability/publish.ts TESTS.json TALLY");
  process.exit(2);
}
const report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
const counts = new Map<string, number>();
for (const line of readFileSync(tallyFile, "utf8").split("\n")) {
  const [what, count] = line.split("\t");
  if (what !== undefined && count !== undefined) counts.set(what, (counts.get(what) ?? 0) + Number(count));
}

/** Tests whose file lies in, or whose name says. */
function passed(test: (file: string, name: string) => boolean): number {
  return report.testResults.reduce((sum, { name, assertionResults }) => {
    const file = relative(root, name);
    return (
      sum + assertionResults.filter((each) => each.status === "passed" && test(file, each.fullName)).length
    );
  }, 0);
}

const number = (value: number | undefined): string => String(value ?? 0).replace(/\B(?=(\d{3})+$)/g, " ");
const rows: readonly (readonly [what: string, count: string])[] = [
  ["tests that passed", number(report.numPassedTests)],
  ["tests that failed", number(report.numFailedTests)],
  ["tests that were skipped, each with its reason", number(report.numPendingTests)],
  [
    "of those that passed, named after the style they ran in (`await` or `yield*`)",
    number(passed((_, name) => /\[(await|yield\*)\]/.test(name))),
  ],
  ["properties checked with random programs", number(counts.get("properties"))],
  ["random programs", number(counts.get("random programs"))],
  ["explorations of a primitive's orders", number(counts.get("explorations"))],
  ["schedules run by them", number(counts.get("schedules"))],
  ["mutants found (mutant, style and strategy)", number(counts.get("mutants"))],
  [
    "programs of the guide and the documents that were run",
    number(passed((file, name) => /documents|docs\/test\/programs/.test(file) && / runs$|time$/.test(name))),
  ],
];
writeFileSync(
  new URL("numbers.md", import.meta.url),
  `Counted by a run of the tests on ${new Date(report.startTime).toISOString().slice(0, 10)}, ${process.version}, ${process.platform} ${process.arch}.\n\n| | |\n| --- | --: |\n${rows.map(([what, count]) => `| ${what} | ${count} |`).join("\n")}\n`,
);
