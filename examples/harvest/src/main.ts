/** `npm start`: harvests documents over HTTP into an SQLite file. Begin with the README beside this folder. */
import { CancellationToken, main, shield, type Routine } from "millrace";
import { HarvestError } from "./failure.ts";
import { harvest } from "./harvest.ts";
import { parseOptions, usage, UsageError, type Options } from "./options.ts";
import { countFailures } from "./progress.ts";
import { formatClosing, formatReport } from "./report.ts";

const options = readOptions();
if (options !== undefined) {
  // Ctrl-C cancels this task. The harvest is shielded from that and takes it as a request instead: it stops
  // accepting, drains and commits. The cancellation is delivered afterwards, and the program exits with 130.
  await main((task) => shield(() => harvestAndReport(options, CancellationToken.from(task.signal))), {
    name: "harvest",
    seed: options.seed,
  });
}

function* harvestAndReport(options: Options, stop: CancellationToken): Routine<void> {
  try {
    const summary = yield* harvest(options, stop);
    console.log(formatReport(summary));
    console.log(formatClosing(summary, options, stop.isCancelled));
    if (countFailures(summary) > 0) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof HarvestError)) throw error;
    console.error(`harvest: ${error.message}`);
    process.exitCode = 1;
  }
}

function readOptions(): Options | undefined {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options === undefined) console.log(usage());
    return options;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`harvest: ${error.message}\nTry --help.`);
    process.exitCode = 2;
  }
}
