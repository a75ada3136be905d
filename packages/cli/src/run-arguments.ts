/**
 * `millrace run app.ts --console`: options of the command may also come right after the file, where one thinks of
 * them last. Everything from the first argument on that is none of them is the program's, as is what follows `--`.
 * `--port` is the program's unless `--console` was before it.
 */
const FLAGS: ReadonlySet<string> = new Set(["--console", "--paused"]);
const VALUED: ReadonlySet<string> = new Set(["--port", "--record", "--seed"]);

/** The same arguments, with all options before the file. */
export function optionsFirst(args: readonly string[]): readonly string[] {
  if (args[0] !== "run") return args;
  let file = 1;
  while (file < args.length && args[file]!.startsWith("-")) {
    if (args[file] === "--") return args;
    file += width(args[file]!);
  }
  let hasConsole = args.slice(1, file).includes("--console");
  let end = file + 1;
  while (end < args.length) {
    const argument = args[end]!;
    const [name] = argument.split("=", 1);
    if (!FLAGS.has(argument) && !VALUED.has(name!)) break;
    if (name === "--port" && !hasConsole) break;
    hasConsole ||= argument === "--console";
    end += width(argument);
  }
  const rest = args.slice(end);
  if (rest[0] === "--") rest.shift();
  return [...args.slice(0, file), ...args.slice(file + 1, end), ...args.slice(file, file + 1), ...rest];
}

/** How many arguments an option takes up. */
function width(option: string): number {
  return VALUED.has(option) ? 2 : 1;
}
