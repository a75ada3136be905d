import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { millrace } from "./command.ts";

test.each([
  [["rum"], "unknown command 'rum'\n(Did you mean run?)"],
  [["--bogus"], "unknown option '--bogus'"],
  [["run"], "missing required argument 'file'"],
  [["run", "--sed", "3", "app.ts"], "unknown option '--sed'\n(Did you mean --seed?)"],
  [["run", "--seed", "many", "app.ts"], "'many' is invalid. It is not a number."],
  [["run", "nowhere.ts"], "cannot find the program nowhere.ts"],
  [["run", "."], ". is not a file"],
  [["app.ts"], `"app.ts" is a file; to run it: millrace run app.ts`],
  [[], "Usage: millrace"],
])("millrace %j is answered on stderr, with 2", async (args, answer) => {
  const end = await millrace(...args);
  expect(end).toMatchObject({ code: 2, stdout: "" });
  expect(end.stderr).toContain(answer);
});

test.each([[["--help"]], [["help"]], [["run", "--help"]], [["help", "run"]]])(
  "millrace %j prints how it is used, and the exit codes",
  async (args) => {
    const end = await millrace(...args);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(end.stdout).toContain("Usage: millrace");
    expect(end.stdout).toMatch(/\b13 +deadlock/);
  },
);

test("millrace --version prints the version", async () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as object;
  expect(await millrace("--version")).toMatchObject({
    code: 0,
    stdout: `${(manifest as { version: string }).version}\n`,
  });
});
