import { expect, test } from "vitest";
import { parseOptions, usage, UsageError } from "../src/options.ts";

test("without arguments every option has its default", () => {
  expect(parseOptions([])).toMatchObject({
    list: undefined,
    root: expect.stringMatching(/[/\\]node_modules$/),
    database: "harvest.sqlite",
    servePort: undefined,
    concurrency: 16,
    retries: 5,
  });
});

test("options are read from the command line", () => {
  const options = parseOptions([
    "--list",
    "urls.txt",
    "--database=x.sqlite",
    "--serve",
    "--port=0",
    "--max-bytes",
    "10",
    "--stalls",
    "0.5",
  ]);
  expect(options).toMatchObject({
    list: "urls.txt",
    database: "x.sqlite",
    servePort: 0,
    maxBytes: 10,
    stalls: 0.5,
  });
});

test("--help asks for the usage, which names every option", () => {
  expect(parseOptions(["--help"])).toBeUndefined();
  for (const [, gap] of usage().matchAll(/^  --[\w-]+(?: [A-Z]+)?( *)/gm))
    expect(gap!.length).toBeGreaterThan(0);
  expect(parseOptions(["-h"])).toBeUndefined();
  for (const option of [
    "--list",
    "--root",
    "--database",
    "--serve",
    "--concurrency",
    "--timeout",
    "--max-bytes",
    "--retries",
  ]) {
    expect(usage()).toContain(option);
  }
});

test.for([
  [["--concurrency", "0"], '--concurrency takes a whole number of at least 1, not "0"'],
  [["--concurrency", "1.5"], '--concurrency takes a whole number of at least 1, not "1.5"'],
  [["--max-bytes", "1MB"], '--max-bytes takes a whole number of at least 1, not "1MB"'],
  [["--timeout="], '--timeout takes a whole number of at least 1, not ""'],
  [["--stalls", "2"], '--stalls takes a number from 0 to 1, not "2"'],
  [["--list", "a", "--root", "b"], "--list and --root exclude each other"],
  [["--database", "a", "--db", "b"], "--database and --db exclude each other"],
  [["--database", ""], "--database takes an SQLite file, or a URL that begins with postgres://"],
  [["--database", "postgres:secret@h"], "--database takes an SQLite file, or a URL that begins with"],
  [["--db", "mysql://me:secret@h/x"], "--database takes an SQLite file, or a URL that begins with"],
  [["--port", "70000"], "--port takes a whole number from 0 to 65535"],
  [["--lsit", "a"], "--lsit"],
  [["urls.txt"], "urls.txt"],
] as const)("%j is refused by name", ([args, message]) => {
  expect(() => parseOptions(args)).toThrow(UsageError);
  expect(() => parseOptions(args)).toThrow(message);
});
