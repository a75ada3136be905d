import { main, type Body } from "millrace";
import { describe, expect, test } from "vitest";
import { Program, run } from "./program.ts";

describe("a program", () => {
  test.each(["plain", "async", "generator"])("whose %s body returns exits with 0", async (style) => {
    expect(await run("ends", "returns", style)).toEqual({
      code: 0,
      signal: null,
      stdout: "done\n",
      stderr: "",
    });
  });

  test.each(["plain", "async", "generator"])(
    "whose %s body throws prints why and exits with 1",
    async (style) => {
      const end = await run("ends", "throws", style);
      expect(end).toMatchObject({ code: 1, stdout: "" });
      expect(end.stderr).toContain("TypeError: boom");
      expect(end.stderr).toContain("ends.ts");
      expect(end.stderr).toContain("the cause");
    },
  );

  test("that throws undefined has failed, too", async () => {
    expect(await run("ends", "throws-nothing", "async")).toMatchObject({ code: 1, stderr: "undefined\n" });
  });

  test("keeps the exit code that its body has set", async () => {
    expect(await run("ends", "exit-code", "async")).toMatchObject({ code: 7, stdout: "done\n", stderr: "" });
  });

  test("may await main at the top level, and call it again", async () => {
    const end = await run("top-level");
    expect(end).toMatchObject({
      code: 0,
      stderr: "",
      stdout: `between\nvirtual ${365 * 86_400_000}\nafter\n`,
    });
  });

  test.each([
    ["throws", 1],
    ["deadlock", 13],
  ])("that awaits main at the top level ends when it %s", async (how, code) => {
    const end = await run("top-level", how);
    expect(end).toMatchObject({ code, stdout: "" });
    expect(end.stderr).not.toContain("unsettled top-level await");
  });

  test("whose body is no function is told so", async () => {
    await expect(main(undefined as unknown as Body<void>)).rejects.toThrow(
      /^main expects a function .*got undefined/,
    );
    await expect(main(() => {}, { seed: NaN })).rejects.toThrow(RangeError);
  });
});

describe("Ctrl-C", () => {
  test.each(["async", "generator"])(
    "cancels the %s body, which cleans up, then exits with 130",
    async (style) => {
      using program = new Program("interrupted", style);
      await program.wrote("ready");
      program.signal("SIGINT");
      expect(await program.end).toEqual({
        code: 130,
        signal: null,
        stdout: "ready\ncleaning\ncleaned\ncancelled true true\n",
        stderr: "",
      });
    },
  );

  test.each(["async", "generator"])(
    "a second time exits at once, in the cleanup of the %s body",
    async (style) => {
      using program = new Program("interrupted", style, "1000000");
      await program.wrote("ready");
      program.signal("SIGINT");
      await program.wrote("cleaning");
      program.signal("SIGINT");
      expect(await program.end).toMatchObject({ code: 130, stdout: "ready\ncleaning\n", stderr: "" });
    },
  );

  test("exits with 130 also when the body swallows its cancellation", async () => {
    using program = new Program("interrupted", "generator", "1", "swallows");
    await program.wrote("ready");
    program.signal("SIGINT");
    expect(await program.end).toMatchObject({ code: 130, stderr: "" });
  });

  test.each(["async", "generator"])(
    "exits with 130 and prints a failure of the %s cleanup",
    async (style) => {
      using program = new Program("interrupted", style, "1", "throws");
      await program.wrote("ready");
      program.signal("SIGINT");
      const end = await program.end;
      expect(end.code).toBe(130);
      expect(end.stderr).toContain("cleanup failed");
    },
  );

  test("leaves a body behind that is stuck in a foreign promise past its cleanup window", async () => {
    using program = new Program("unresponsive");
    await program.wrote("ready");
    program.signal("SIGINT");
    expect((await program.end).code).toBe(130);
  });

  test.each(["once", "early"])("is the body's own when it listens (%s), and it exits with 0", async (how) => {
    using program = new Program("listens", how);
    await program.wrote("ready");
    program.signal("SIGINT");
    expect(await program.end).toEqual({ code: 0, signal: null, stdout: "ready\nheard\n", stderr: "" });
  });

  test("is the body's own as often as it listens", async () => {
    using program = new Program("listens", "again");
    await program.wrote("ready");
    program.signal("SIGINT");
    await program.wrote("ready again");
    program.signal("SIGINT");
    expect(await program.end).toMatchObject({ code: 0, stdout: "ready\nheard\nready again\nheard again\n" });
  });

  test("is main's again once the body listens no more", async () => {
    using program = new Program("listens", "then-waits");
    await program.wrote("ready");
    program.signal("SIGINT");
    await program.wrote("waiting");
    program.signal("SIGINT");
    expect(await program.end).toMatchObject({ code: 130, stdout: "ready\nheard\nwaiting\n", stderr: "" });
  });

  test("is the host's again once nobody listens: the default action ends the process (SIG-02)", async () => {
    using program = new Program("default-action");
    await program.wrote("ready");
    program.signal("SIGINT");
    expect(await program.end).toMatchObject({ code: null, signal: "SIGINT", stdout: "ready\n" });
  });
});

describe("what a program leaves behind", () => {
  test("tasks are aborted, clean up and are named; the exit code stays 0", async () => {
    const end = await run("leaks");
    expect(end).toMatchObject({ code: 0, stdout: "cleaning\nleaked task cleaned up\n" });
    expect(end.stderr).toMatch(
      /^millrace: 2 tasks were still running when main ended, and aborted:\n {2}task #\d+ 'forgotten'.*\n {2}task #\d+.*\n$/,
    );
  });

  test("tasks do not change an exit code that the body has set", async () => {
    expect((await run("leaks", "7")).code).toBe(7);
  });

  test("tasks that clean up for long can be interrupted, and the program exits with 130", async () => {
    using once = new Program("leaks", "0", "150");
    await once.wrote("cleaning");
    once.signal("SIGINT");
    expect(await once.end).toMatchObject({ code: 130, stdout: "cleaning\nleaked task cleaned up\n" });
    using twice = new Program("leaks", "0", "1000000");
    await twice.wrote("cleaning");
    twice.signal("SIGINT");
    // Two signals that are pending together are one.
    await new Promise((resolve) => setTimeout(resolve, 30));
    twice.signal("SIGINT");
    expect(await twice.end).toMatchObject({ code: 130, stdout: "cleaning\n" });
  });

  test("a failure that nobody observed shuts the program down if it says so; it exits with 1 (RT-33)", async () => {
    const end = await run("unobserved", "shutdown");
    expect(end).toMatchObject({ code: 1, stdout: "unwound\n" });
    expect(end.stderr).toContain("RuntimeShutdownError");
    expect(end.stderr).toContain("nobody saw this");
  });

  test("a failure that nobody observed is reported on stderr", async () => {
    const end = await run("unobserved");
    expect(end).toMatchObject({ code: 0, stdout: "true\n" });
    expect(end.stderr).toMatch(/task #\d+ 'unlucky' failed and nobody observed it.*nobody saw this/s);
    expect(end.stderr.match(/nobody observed it/g)).toHaveLength(1);
  });
});

describe("futures that a script without main forgets", () => {
  test("are told when the program ends, with their lines", async () => {
    const { code, stdout } = await run("forgets-futures");
    const lines = stdout.match(/forgets-futures\.ts:\d+/g);
    expect({ code, lines }).toEqual({ code: 0, lines: ["forgets-futures.ts:12", "forgets-futures.ts:13"] });
  });

  test("are not told when it fails: it did not come to the place where they are used", async () => {
    expect(await run("forgets-futures", "fails")).toMatchObject({ code: 1, stdout: "" });
  });
});

describe("a program that can never finish", () => {
  test("exits with 13, and says what everything waits for and the cycle", async () => {
    const end = await run("deadlocks", "cycle");
    expect(end.code).toBe(13);
    expect(end.stderr).toMatch(/^millrace: deadlock: nothing can ever run again\n/);
    expect(end.stderr).toMatch(
      /cycle: task #\d+ 'chicken' → task #\d+ 'egg' → task #\d+ 'chicken'|cycle: task #\d+ 'egg' → task #\d+ 'chicken' → task #\d+ 'egg'/,
    );
    expect(end.stderr).toMatch(/task #\d+ 'chicken' waits for the end of task #\d+ 'egg'/);
    expect(end.stderr).toMatch(/task #\d+ 'egg' waits for the end of task #\d+ 'chicken'/);
    expect(end.stderr).toMatch(/task #\d+ waits for the end of task #\d+ 'chicken'/);
    expect(end.stderr).not.toContain("still running");
  });

  test("names the cycle of locks, though nothing records", async () => {
    const end = await run("deadlocks", "locks");
    expect(end.code).toBe(13);
    expect(end.stderr).toMatch(/cycle: task #\d+ '(fork|knife)' → task #\d+ '(fork|knife)' → task #\d+ '/);
    expect(end.stderr).toMatch(/task #\d+ 'fork' waits for lock on a mutex/);
  });

  test("unwinds its bodies before it exits", async () => {
    const end = await run("deadlocks", "channel");
    expect(end).toMatchObject({ code: 13, stdout: "unwound\n" });
    expect(end.stderr).toMatch(/waits for .*mpsc/);
  });

  test("exits with 13 also when it waits in a shield", async () => {
    const end = await run("deadlocks", "shield");
    expect(end.code).toBe(13);
    expect(end.stderr).toMatch(/deadlock: nothing can ever run again\n.*pending\(\)/);
  });

  test("exits with 13 also when it waits for a promise that nobody resolves", async () => {
    const end = await run("deadlocks", "promise");
    expect(end.code).toBe(13);
    expect(end.stderr).toContain("waits for a promise that is not the runtime's");
  });

  test("rejects Runtime.run with DeadlockError; the runtime can be used again", async () => {
    expect(await run("run-deadlocks")).toMatchObject({ code: 0, stdout: "true 1\ngoes on\n", stderr: "" });
  });

  test("rejects each Runtime.run that deadlocks, one after the other", async () => {
    const stdout =
      "1 recv on an mpsc channel (0/1, 1 sender)\n2 lock on a mutex\n3 a notification of a notify\n";
    expect(await run("runs-deadlock")).toMatchObject({ code: 0, stdout, stderr: "" });
  });

  test.each(["system", "paused"])(
    "is not one that waits for real I/O or timers (%s clock)",
    async (clock) => {
      expect(await run("real-io", clock)).toEqual({
        code: 0,
        signal: null,
        stdout: "hello\ntimer\nforeign\n",
        stderr: "",
      });
    },
  );
});

describe("OS signals", () => {
  test("reach every listener, and one listener again and again (SIG-03, SIG-02)", async () => {
    using program = new Program("counts-signals");
    await program.wrote("ready");
    program.signal("SIGUSR2");
    await program.wrote("first: 1");
    await program.wrote("second: 1");
    program.signal("SIGUSR2");
    await program.wrote("second: 2");
    program.signal("SIGUSR2");
    const end = await program.end;
    expect(end.code).toBe(0);
    expect(end.stdout.match(/first/g)).toHaveLength(1);
    expect(end.stdout.match(/second/g)).toHaveLength(3);
  });
});
