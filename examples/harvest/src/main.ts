/** `npm start`: harvests documents over HTTP into a database. Begin with the README beside this folder. */
import { SqlError } from "@millrace/sql";
import { CancellationToken, main, osSignal, shield, spawn, type Routine } from "millrace";
import { HarvestError } from "./failure.ts";
import { harvest } from "./harvest.ts";
import { parseOptions, usage, UsageError, type Options } from "./options.ts";
import { countFailures } from "./progress.ts";
import { formatClosing, formatReport } from "./report.ts";

const options = readOptions();
if (options !== undefined) {
  // Ctrl-C cancels this task. The harvest is shielded from that and takes it as a request instead: it stops
  // accepting, drains and commits. The cancellation is delivered afterwards, and the program exits with 130.
  // SIGTERM, which is how services are stopped, is the same request.
  await main((task) => shield(() => harvestAndReport(options, CancellationToken.from(task.signal))), {
    name: "harvest",
    seed: options.seed,
  });
}

function* harvestAndReport(options: Options, stop: CancellationToken): Routine<void> {
  using _terminated = spawn(() => stopOnSigterm(stop), { name: "SIGTERM" });
  try {
    const summary = yield* harvest(options, stop);
    console.log(formatReport(summary));
    console.log(formatClosing(summary, options, stop.isCancelled));
    if (countFailures(summary) > 0) process.exitCode ??= 1;
  } catch (error) {
    if (!(error instanceof HarvestError || error instanceof SqlError)) throw error;
    console.error(`harvest: ${error.message}`);
    process.exitCode = 1;
  }
}

/** Once it has stopped listening, a second one ends the program at once. */
function* stopOnSigterm(stop: CancellationToken): Routine<void> {
  using signals = osSignal("SIGTERM");
  yield* signals.recv();
  process.exitCode = 143;
  stop.cancel("SIGTERM");
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
