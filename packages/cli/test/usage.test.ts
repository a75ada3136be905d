import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execute } from "@millrace/cli";
import { expect, test, vi } from "vitest";
import { millrace, Running } from "./command.ts";
import { sortKeys } from "../src/top/sort-keys.ts";
import { optionsFirst } from "../src/run-arguments.ts";
import { taskColumns } from "../src/top/task-columns.ts";

/** In this process, which takes milliseconds. */
async function answer(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const { exitCode } = process;
  const folder = vi
    .spyOn(process, "cwd")
    .mockReturnValue(fileURLToPath(new URL("programs", import.meta.url)));
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    await execute(args);
    const said = ({ mock }: { mock: { calls: unknown[][] } }): string =>
      mock.calls.map(([text]) => text).join("");
    return { code: process.exitCode ?? 0, stdout: said(out), stderr: said(err) };
  } finally {
    process.exitCode = exitCode;
    for (const spy of [folder, out, err]) spy.mockRestore();
  }
}

test.each([
  [["rum"], "unknown command 'rum'\n(Did you mean run?)"],
  [["--bogus"], "unknown option '--bogus'"],
  [["run"], "missing required argument 'file'"],
  [["run", "--sed", "3", "app.ts"], "unknown option '--sed'\n(Did you mean --seed?)"],
  [["run", "--seed", "many", "app.ts"], "'many' is invalid. It is not a number."],
  [["run", "--port", "70000", "app.ts"], "A port is an integer from 0 to 65535."],
  [["run", "nowhere.ts"], "cannot find the program nowhere.ts"],
  [["run", "."], ". is not a file"],
  [[fileURLToPath(import.meta.url)], "is a file; to run it: millrace run "],
  [["top"], "missing required argument 'url|pid'"],
  [["top", "localhost"], "expects the link of a console or a process id"],
  [["top", "http://127.0.0.1:1/"], "has no token: copy all of it"],
  [["top", "--sort", "size", "1"], "Allowed choices are id, name,"],
  [["top", "--interval", "0", "1"], "It is not from 0.1 to 3600 seconds."],
  [["console", "nowhere"], "there is no file nowhere"],
  [["console", fileURLToPath(import.meta.url)], "is not a millrace recording"],
  [[], "Usage: millrace"],
])("millrace %j is answered on stderr, with 2", async (args, words) => {
  const end = await answer(...args);
  expect(end).toMatchObject({ code: 2, stdout: "" });
  expect(end.stderr).toContain(words);
});

test("a process that serves no console is no mistake in the command line", async () => {
  const end = await answer("top", String(process.pid));
  expect(end).toMatchObject({ code: 1, stdout: "" });
  expect(end.stderr).toContain(`process ${process.pid} serves no console`);
});

test.each([
  [["--help"]],
  [["help"]],
  [["run", "--help"]],
  [["help", "run"]],
  [["top", "-h"]],
  [["console", "-h"]],
])("millrace %j prints how it is used, and the exit codes", async (args) => {
  const end = await answer(...args);
  expect(end).toMatchObject({ code: 0, stderr: "" });
  expect(end.stdout).toContain("Usage: millrace");
  expect(end.stdout).toMatch(/\b13 +deadlock/);
});

test.each([
  ["run app.ts --console", "run --console app.ts"],
  [
    "run --seed 7 app.ts --record f --paused x --console",
    "run --seed 7 --record f --paused app.ts x --console",
  ],
  ["run app.ts --console --port 1 --port=2 y", "run --console --port 1 --port=2 app.ts y"],
  ["run --console app.ts --port 1", "run --console --port 1 app.ts"],
  ["run server.ts --port 8080", "run server.ts --port 8080"],
  ["run app.ts --other --console", "run app.ts --other --console"],
  ["run app.ts -- --console", "run app.ts --console"],
  ["run app.ts --seed=1 -- --seed 2 --", "run --seed=1 app.ts --seed 2 --"],
  ["run -- --odd.ts --console", "run -- --odd.ts --console"],
  ["run --seed", "run --seed"],
  ["run", "run"],
  ["top 1 --once", "top 1 --once"],
])("%s means %s", (typed, meant) => {
  expect(optionsFirst(typed.split(" ")).join(" ")).toBe(meant);
});

test("tasks can be sorted by each of their columns", () => {
  expect(taskColumns.map(({ key }) => key)).toEqual(sortKeys);
});

test("the real command ends with the same codes", { timeout: 60_000 }, async () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  expect(await millrace("--version")).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: "" });
  expect(await millrace("rum")).toMatchObject({ code: 2, signal: null, stdout: "" });
});

test("who has read enough of an answer is not told of it", { timeout: 60_000 }, async () => {
  using asked = new Running("--help");
  asked.stopReading();
  expect(await asked.finish()).toMatchObject({ code: 0, signal: null, stderr: "" });
});
