import { describe, expect, test, vi } from "vitest";
import { millrace } from "./command.ts";

// Each starts a process or some.
vi.setConfig({ testTimeout: 60_000 });

const clean = { code: 0, signal: null, stderr: "" };

describe("millrace run", () => {
  test("runs a program with its arguments, as Node's own entry point", async () => {
    expect(await millrace("run", "ends.ts", "--paused", "--", "--seed", "-x", "y")).toEqual({
      ...clean,
      stdout: "done --seed -x y true\n",
    });
  });

  test.each(["body.ts", "async-body.ts"])(
    "runs the default export of %s as the body of main",
    async (file) => {
      expect(await millrace("run", file)).toEqual({ ...clean, stdout: "a task: true\n" });
    },
  );

  test("runs CommonJS", async () => {
    expect(await millrace("run", "common.cts")).toEqual({ ...clean, stdout: "main module: true\n" });
  });

  test.each(["app.ts", "service.ts"])("leaves the default export of %s, which is no body", async (file) => {
    expect(await millrace("run", file)).toEqual({ ...clean, stdout: "loaded\n" });
  });

  test("leaves the default export of a program that calls main", async () => {
    expect(await millrace("run", "both.ts")).toEqual({ ...clean, stdout: "main\n" });
  });
});

describe("it ends", () => {
  test("with 1 when the program throws", async () => {
    const end = await millrace("run", "ends.ts", "throws");
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("TypeError: boom");
    expect(end.stderr).toMatch(/ends\.ts:\d+/);
  });

  test("with the exit code of the program", async () => {
    expect(await millrace("run", "ends.ts", "exit-code")).toMatchObject({ ...clean, code: 7 });
  });

  test("with 13 at a deadlock", async () => {
    const end = await millrace("run", "ends.ts", "deadlock");
    expect(end).toMatchObject({ code: 13, stdout: "" });
    expect(end.stderr).toContain("waits for recv on an mpsc channel");
  });

  test("with 130 at Ctrl-C, by the signal at SIGTERM", async () => {
    const [interrupted, terminated] = await Promise.all([
      millrace("run", "ends.ts", "signal", "SIGINT"),
      millrace("run", "ends.ts", "signal", "SIGTERM"),
    ]);
    expect(interrupted).toEqual({ ...clean, code: 130, stdout: "" });
    // A shell shows this as 143.
    expect(terminated).toEqual({ ...clean, code: null, signal: "SIGTERM", stdout: "" });
  });
});

describe("--seed", () => {
  test("makes the choices of every runtime come again, over the seed that the program gives to main", async () => {
    const [first, again, other] = await Promise.all(
      ["7", "7", "8"].map((seed) => millrace("run", "--seed", seed, "chance.ts")),
    );
    const lines = (end: { stdout: string } | undefined) =>
      Object.fromEntries(
        end!.stdout
          .trim()
          .split("\n")
          .map((line) => line.split(" ")) as [string, string][],
      );
    expect(first!.stderr).toBe("");
    expect(Object.keys(lines(first))).toEqual(["default", "main", "other", "own"]);
    expect(lines(again)).toEqual(lines(first));
    const { own, ...changed } = lines(other);
    expect(own).toBe(lines(first).own);
    for (const [name, choices] of Object.entries(changed)) expect(choices).not.toBe(lines(first)[name]);
    expect(lines(first).main).toBe(lines(first).default);
    expect(lines(first).other).not.toBe(lines(first).main);
  });
});

describe("--paused", () => {
  test("lets hours pass at once, in main and on the default runtime, whatever the program says", async () => {
    expect(await millrace("run", "--paused", "naps.ts")).toEqual({
      ...clean,
      stdout: "by its clock: 3600000\nin truth: no time\n",
    });
  });
});
