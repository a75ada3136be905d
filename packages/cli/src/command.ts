/** The command line: what can be asked for, and the answers to what cannot. */
import { readFileSync, statSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { exitCodes, UsageError } from "./exit-codes.ts";
import { run, type RunOptions } from "./run.ts";

/** Does what the arguments (without `node` and the command) ask for. Sets the exit code of the process if that fails. */
export async function execute(args: readonly string[]): Promise<void> {
  try {
    const millrace = program();
    const [first = ""] = args;
    if (!millrace.commands.some((each) => each.name() === first)) refuseFile(first);
    await millrace.parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (error instanceof UsageError) process.stderr.write(`millrace: ${error.message}\n`);
    else if (!(error instanceof CommanderError)) throw error;
  }
}

function refuseFile(name: string): void {
  if (!statSync(name, { throwIfNoEntry: false })?.isFile()) return;
  throw new UsageError(`"${name}" is a file; to run it: millrace run ${name}`);
}

/** Of whom a `CommanderError` comes, has told what is wrong already. */
function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof CommanderError)) return exitCodes.failed;
  const isAnswer = error.exitCode === 0;
  return isAnswer ? exitCodes.ok : exitCodes.usage;
}

export function program(): Command {
  const millrace = new Command("millrace")
    .description("Runs programs written with millrace, and shows what they do.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .helpCommand("help [command]", "print how a command is used")
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError("(--help lists what there is)")
    .exitOverride()
    .addHelpText("after", EXIT_CODES);
  millrace
    .command("run")
    .summary("run a program")
    .description("Runs a TypeScript or JavaScript program in this process.")
    .helpOption("-h, --help", "print this")
    .argument("<file>", "the program: it calls `main`, or exports the body of one as its default")
    .argument("[args...]", "what the program gets as its arguments")
    .passThroughOptions()
    .addOption(
      new Option("--seed <number>", "make every random choice of the runtime come again").argParser(number),
    )
    .option("--paused", "virtual time: when nothing can run, go on to the next timer at once")
    .addHelpText("after", EXIT_CODES)
    .action((file: string, args: string[], options: RunOptions) => run(file, args, options));
  return millrace;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return (manifest as { version: string }).version;
}

function number(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError("It is not a number.");
  return value;
}

const EXIT_CODES = `
Exit codes:
  0    the program came to its end
  1    it failed
  2    the command line was wrong, and nothing was run
  13   deadlock: it could never have come to its end
  130  Ctrl-C
  143  SIGTERM`;
