/** Serving the console from a program; what the page does is tested in packages/console. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { spawn } from "millrace";
import { serveConsole, snapshot } from "millrace/diagnostics";
import { describe, expect, test } from "vitest";
import { get, styles } from "../both-styles.ts";

describe.each(styles)("in $name style", ({ body }) => {
  test(
    "a program serves its console, with a link for each visit, and closes it",
    { timeout: 60_000 },
    async () => {
      const program = spawn(
        body(function* () {
          const shown = yield* get(serveConsole());
          const [first, second] = [shown.url, shown.url];
          const status = yield* get(spawn(async () => (await fetch(first)).status));
          yield* get(shown.close());
          const after = yield* get(
            spawn(
              async () =>
                await fetch(second).then(
                  () => "there",
                  () => "gone",
                ),
            ),
          );
          return { first, second, status, after };
        }),
      );
      const { first, second, status, after } = await program;
      expect(first).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/);
      expect(second).not.toBe(first);
      expect([status, after]).toEqual([200, "gone"]);
    },
  );

  test("abandoned before it was polled, nothing is served", async () => {
    const future = serveConsole();
    await spawn(
      body(function* () {
        future.drop();
      }),
    );
    expect(snapshot().tasks.filter(({ state }) => state === "running").length).toBeLessThanOrEqual(1);
  });

  test("abandoned while it begins, it is closed again", { timeout: 60_000 }, async () => {
    const ports: number[] = [];
    const program = spawn(
      body(function* () {
        const shown = yield* get(serveConsole());
        ports.push(Number(new URL(shown.url).port));
        yield* get(shown.close());
        const again = serveConsole({ port: ports[0]! });
        again.poll({ wake() {} });
        again.drop();
        // Once it is closed its port is free.
        for (;;) {
          const outcome = yield* get(serveConsole({ port: ports[0]! }).settled());
          if (outcome.status !== "fulfilled") continue;
          yield* get(outcome.value.close());
          return true;
        }
      }),
    );
    expect(await program).toBe(true);
  });
});

test.each([
  [{ port: -1 }, RangeError, /port/],
  [{ port: 1.5 }, RangeError, /port/],
  [{ port: 70_000 }, RangeError, "serveConsole expects port to be at most 65535, got 70000"],
  [{ host: "" }, TypeError, 'serveConsole expects host to be an address or a name, got ""'],
  [{ host: 7 as never }, TypeError, "serveConsole expects host to be an address or a name, got 7"],
])("%o is refused", (options, type, message) => {
  expect(() => serveConsole(options)).toThrow(type);
  expect(() => serveConsole(options)).toThrow(message);
});

test("a missing package is named, with what to do", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-"));
  try {
    const library = fileURLToPath(new URL("../..", import.meta.url));
    mkdirSync(join(folder, "millrace"));
    for (const part of ["src", "package.json"]) {
      cpSync(join(library, part), join(folder, "millrace", part), { recursive: true });
    }
    const program = join(folder, "program.ts");
    writeFileSync(
      program,
      `import { serveConsole } from "./millrace/src/diagnostics.ts";
       serveConsole().then(undefined, (error) => console.log(error.message, "|", error.cause.code));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [program], {
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    expect(stdout).toBe(
      "serveConsole needs the package @millrace/console, which is not installed: npm install @millrace/console | ERR_MODULE_NOT_FOUND\n",
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("a program that serves its console", () => {
  const program = fileURLToPath(new URL("./fixtures/serves-console.ts", import.meta.url));
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["--conditions=@millrace/source", program, ...args]);

  test("is not kept alive by it", { timeout: 60_000 }, async () => {
    await run();
  });

  test("is told of its deadlock", { timeout: 60_000 }, async () => {
    await expect(run("stuck")).rejects.toMatchObject({
      code: 13,
      stderr: expect.stringContaining("deadlock"),
    });
  });
});
