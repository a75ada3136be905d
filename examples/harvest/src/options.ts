/** The command line: every option with its default, its bounds and its line of `--help`. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface Options {
  readonly list: string | undefined;
  readonly root: string;
  /** An SQLite file, or a URL of PostgreSQL. */
  readonly database: string;
  /** The port of the page that shows the progress; `undefined` without `--serve`. */
  readonly servePort: number | undefined;
  readonly concurrency: number;
  readonly timeout: number;
  readonly retries: number;
  readonly maxDelay: number;
  readonly maxBytes: number;
  readonly batch: number;
  readonly seed: number;
  readonly latency: number;
  readonly unavailable: number;
  readonly stalls: number;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

interface NumberOption {
  readonly default: number;
  readonly min: number;
  readonly max?: number;
  readonly fraction?: boolean;
  readonly help: string;
}

const numbers = {
  concurrency: { default: 16, min: 1, help: "documents fetched at once" },
  timeout: { default: 2000, min: 1, help: "time limit of one attempt, in ms" },
  retries: { default: 5, min: 0, help: "attempts after the first one" },
  "max-delay": { default: 10_000, min: 0, help: "longest wait before a retry, Retry-After included, in ms" },
  "max-bytes": { default: 5_000_000, min: 1, help: "largest body that is accepted" },
  batch: { default: 32, min: 1, max: 10_000, help: "documents stored in one transaction" },
  port: {
    default: 8080,
    min: 0,
    max: 65_535,
    help: "where --serve serves its page; 0 takes one that is free",
  },
  seed: { default: 1, min: 0, help: "makes faults, latencies and back-off reproducible" },
  latency: { default: 150, min: 0, help: "mean latency of the local corpus, in ms" },
  unavailable: { default: 0.03, min: 0, max: 1, fraction: true, help: "share of its answers that are 503" },
  stalls: { default: 0.01, min: 0, max: 1, fraction: true, help: "share of its answers that stop half way" },
} satisfies Record<string, NumberOption>;

const texts = {
  list: { value: "FILE", help: "harvest the URLs in FILE, one a line, instead of the local corpus" },
  root: { value: "DIR", help: "folder of the local corpus (default: the repository's node_modules)" },
  database: {
    value: "WHERE",
    help: "SQLite file, or postgres://… URL, to store in and to resume from (default: harvest.sqlite)",
  },
  db: { value: "WHERE", help: "the same" },
};

const repositoryModules = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/**
 * `undefined` when help was asked for.
 *
 * @throws UsageError
 */
export function parseOptions(args: readonly string[]): Options | undefined {
  const values = parseFlags(args);
  if (values["help"] === true) return undefined;

  const text = (name: keyof typeof texts) => values[name] as string | undefined;
  const number = (name: keyof typeof numbers) => parseNumber(name, values[name] as string | undefined);
  const port = number("port");
  for (const [one, other] of [
    ["list", "root"],
    ["database", "db"],
  ] as const) {
    if (text(one) === undefined || text(other) === undefined) continue;
    throw new UsageError(`--${one} and --${other} exclude each other`);
  }
  return {
    list: text("list"),
    root: resolve(text("root") ?? repositoryModules),
    database: parseDatabase(text("database") ?? text("db") ?? "harvest.sqlite"),
    servePort: values["serve"] === true ? port : undefined,
    concurrency: number("concurrency"),
    timeout: number("timeout"),
    retries: number("retries"),
    maxDelay: number("max-delay"),
    maxBytes: number("max-bytes"),
    batch: number("batch"),
    seed: number("seed"),
    latency: number("latency"),
    unavailable: number("unavailable"),
    stalls: number("stalls"),
  };
}

function parseFlags(args: readonly string[]): Record<string, unknown> {
  const names = [...Object.keys(texts), ...Object.keys(numbers)];
  const flags = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  try {
    return parseArgs({
      args: [...args],
      options: { ...flags, serve: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    }).values;
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

function parseDatabase(where: string): string {
  const isUrl = /^postgres(ql)?:|:\/\//i.test(where);
  const isUsable = isUrl ? /^postgres(ql)?:\/\//.test(where) && URL.canParse(where) : where !== "";
  if (isUsable) return where;
  // It may be a URL with a typo in it, and have a password.
  throw new UsageError("--database takes an SQLite file, or a URL that begins with postgres://");
}

function parseNumber(name: keyof typeof numbers, given: string | undefined): number {
  const option: NumberOption = numbers[name];
  if (given === undefined) return option.default;
  const { min, max = Number.MAX_SAFE_INTEGER, fraction = false } = option;
  const value = given.trim() === "" ? Number.NaN : Number(given);
  if (value >= min && value <= max && (fraction || Number.isInteger(value))) return value;

  const range = option.max === undefined ? `of at least ${min}` : `from ${min} to ${option.max}`;
  throw new UsageError(
    `--${name} takes a ${fraction ? "" : "whole "}number ${range}, not ${JSON.stringify(given)}`,
  );
}

export function usage(): string {
  const rows = [
    ...Object.entries(texts).map(([name, { value, help }]) => [`--${name} ${value}`, help]),
    ...Object.entries(numbers).map(([name, option]) => [
      `--${name} N`,
      `${option.help} (default: ${option.default})`,
    ]),
    ["--serve", "show the progress on a page, until Ctrl-C"],
    ["--help", "show this"],
  ];
  return [
    "Harvests documents over HTTP into a database. What is stored already is not fetched again.",
    "",
    "Usage: npm start -- [options]",
    "",
    ...rows.map(([flag, help]) => `  ${flag?.padEnd(18)}${help}`),
    "",
    "Ctrl-C or SIGTERM finishes what is in flight and stores it; a second one ends at once.",
    "Exit codes: 0 all harvested, 1 something failed for good, 2 wrong usage, 130 or 143 interrupted.",
  ].join("\n");
}
