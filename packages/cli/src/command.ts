/**
 * The command line: what can be asked for, and the answers to what cannot. What a command needs is loaded when it
 * is asked for.
 */
import { readFileSync, statSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { exitCodes, UsageError } from "./exit-codes.ts";
import { notice } from "./notice.ts";
import { finite, port, seconds, taskId } from "./options.ts";
import { readerGone } from "./reader-gone.ts";
import { optionsFirst } from "./run-arguments.ts";
import type { RunOptions } from "./run.ts";
import type { ShowOptions } from "./show.ts";
import { sortKeys } from "./top/sort-keys.ts";
import type { TopOptions } from "./top/top.ts";

/** Does what the arguments (without `node` and the command) ask for. Sets the exit code of the process if that fails. */
export async function execute(args: readonly string[]): Promise<void> {
  process.stdout.off("error", readerGone).on("error", readerGone);
  try {
    const millrace = program();
    const [first = ""] = args;
    if (!millrace.commands.some((each) => each.name() === first)) refuseFile(first);
    await millrace.parseAsync(optionsFirst(args), { from: "user" });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (error instanceof UsageError) notice(error.message);
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
    .argument("[args...]", "the program's own arguments; after `--` all are")
    .passThroughOptions()
    .option("--console", "serve a page on this machine that shows the program while it runs")
    .addOption(
      new Option("--port <number>", "the port of that page (implies --console; default: a free one)")
        .argParser(port)
        .implies({ console: true }),
    )
    .option("--record <file>", "record the program, to be looked at with `millrace console <file>`")
    .addOption(
      new Option("--seed <number>", "make every random choice of the runtime come again").argParser(finite),
    )
    .option("--paused", "virtual time: when nothing can run, go on to the next timer at once")
    .addHelpText("after", EXIT_CODES)
    .action(async (file: string, args: string[], options: RunOptions) => {
      process.stdout.off("error", readerGone);
      const { run } = await import("./run.ts");
      await run(file, args, options);
    });
  millrace
    .command("top")
    .summary("show what a running program does, in the terminal")
    .description(
      "Shows the tasks of a program that serves its console, the resources they wait for, and warnings. Without a terminal it prints them once.",
    )
    .helpOption("-h, --help", "print this")
    .argument("<url|pid>", "the link of the console, or the id of the process")
    .addOption(new Option("--sort <column>", "sort the tasks by a column").choices(sortKeys).default("busy"))
    .addOption(
      new Option("--interval <seconds>", "how often the picture changes").argParser(seconds).default(1),
    )
    .addOption(
      new Option("--task <id>", "show the histograms and the last polls of one task").argParser(taskId),
    )
    .option("--once", "print once, also in a terminal")
    .addHelpText("after", KEYS)
    .addHelpText("after", EXIT_CODES)
    .action(async (target: string, options: TopOptions) => {
      const { top } = await import("./top/top.ts");
      await top(target, options);
    });
  millrace
    .command("console")
    .summary("open a recording")
    .description("Serves a recording, made with `millrace run --record`, as a page on this machine.")
    .helpOption("-h, --help", "print this")
    .argument("<file>", "the recording")
    .addOption(new Option("--port <number>", "the port of the page (default: a free one)").argParser(port))
    .addHelpText("after", EXIT_CODES)
    .action(async (file: string, options: ShowOptions) => {
      const { show } = await import("./show.ts");
      await show(file, options);
    });
  return millrace;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return (manifest as { version: string }).version;
}

const KEYS = `
Keys:
  t r w         tasks, resources, warnings
  left right    sort by another column
  i             invert the order
  up down, PgUp PgDn, Home End
  enter         open the task: histograms, its last polls
  escape        back
  e             show tasks that have ended, too
  space         pause
  q             quit`;

const EXIT_CODES = `
Exit codes:
  0    the program came to its end, or what was asked for was shown
  1    it failed
  2    the command line was wrong, and nothing was run
  13   deadlock: it could never have come to its end
  130  Ctrl-C
  143  SIGTERM`;
