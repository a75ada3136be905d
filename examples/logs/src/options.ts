/** The command line. */
import { parseArgs } from "node:util";

export interface Options {
  /** A log to read; without it, one is written while it is read. */
  readonly file: string | undefined;
  readonly out: string;
  readonly lines: number;
  readonly window: number;
  readonly delay: number;
  readonly follow: boolean;
  readonly seed: number;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const help = `Sums up an access log in windows of time, as it grows.

  npm run example examples/logs/src/main.ts -- [FILE] [options]

  FILE          the log to read (default: one that is written meanwhile)
  --out FILE    where the windows go, one JSON object a line (default: a temporary file)
  --lines N     lines of the log that is written (default: 200000)
  --window MS   length of a window, in ms of the log's own time (default: 1000)
  --delay MS    what the sink takes for a window (default: 5)
  --follow      go on reading FILE as it grows, until Ctrl-C
  --seed N      makes the traffic reproducible (default: 1)`;

const numbers = {
  lines: { default: 200_000, min: 0 },
  window: { default: 1000, min: 1 },
  delay: { default: 5, min: 0 },
  seed: { default: 1, min: 0 },
} as const;

/**
 * `undefined` when help was asked for.
 *
 * @throws UsageError
 */
export function parseOptions(args: readonly string[], defaultOut: string): Options | undefined {
  const { values, positionals } = parse(args);
  if (values.help === true) return undefined;
  if (positionals.length > 1) throw new UsageError(`expected one FILE, got ${positionals.join(" and ")}`);
  const number = (name: keyof typeof numbers): number => {
    const { default: byDefault, min } = numbers[name];
    const value = values[name] === undefined ? byDefault : Number(values[name]);
    if (Number.isSafeInteger(value) && value >= min) return value;
    throw new UsageError(`--${name} expects an integer of at least ${min}, got ${String(values[name])}`);
  };
  return {
    file: positionals[0],
    out: values.out ?? defaultOut,
    lines: number("lines"),
    window: number("window"),
    delay: number("delay"),
    follow: values.follow ?? false,
    seed: number("seed"),
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        out: text,
        lines: text,
        window: text,
        delay: text,
        seed: text,
        follow: flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
