/** `npm run example examples/logs/src/main.ts -- --help`: begin with the README beside this folder. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "millrace";
import { help, parseOptions, UsageError, type Options } from "./options.ts";
import { run } from "./run.ts";

const scratch = await mkdtemp(join(tmpdir(), "millrace-logs-"));

let options: Options | undefined;
try {
  options = parseOptions(process.argv.slice(2), join(scratch, "windows.jsonl"));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`logs: ${error.message}\n\n${help}`);
  process.exitCode = 2;
}

try {
  if (options !== undefined) await main(() => run(options, scratch), { name: "logs" });
  else if (process.exitCode === undefined) console.log(help);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
