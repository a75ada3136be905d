/** The page that a person reads. */
import { mpsc, Mutex, sleep, spawn } from "millrace";
import { dump, enable } from "millrace/diagnostics";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { Program, run, type End } from "../main/program.ts";

inBothStyles("says for each task what it waits for, for how long and where", function* ({ body }) {
  using _ = enable();
  const [tx, rx] = mpsc.channel<number>(32, { name: "jobs" });
  const others = [tx.clone(), tx.clone()];
  const worker = spawn(
    body(function* () {
      yield* get(rx.recv());
    }),
    { name: "worker" },
  );
  yield* get(sleep(4200));
  expect(dump()).toMatch(
    /task #\d+ 'worker' waits for recv on channel #\d+ 'jobs' \(0\/32, 3 senders\) for 4\.2 s at \S+\.ts:\d+:\d+ \(spawned at \S+dump\.test\.ts:\d+:\d+\) \[\d polls?, busy /,
  );
  for (const sender of [tx, ...others]) sender.close();
  yield* get(worker);
});

inBothStyles(
  "shows tasks below the one that spawned them, and locks with their holders",
  function* ({ body }) {
    using _ = enable();
    const mutex = new Mutex(0, { name: "accounts" });
    const parent = spawn(
      body(function* () {
        using _held = yield* get(mutex.lock());
        const child = spawn(
          body(function* () {
            using _held = yield* get(mutex.lock());
          }),
          { name: "child" },
        );
        yield* get(sleep(10));
        child.abort();
        yield* get(child.settled());
      }),
      { name: "parent" },
    );
    yield* get(sleep(1));
    const page = dump();
    expect(page).toMatch(/^millrace: 3 tasks \(1 running, 2 waiting\)\n/);
    expect(page).toMatch(
      /^ {4}task #\d+ 'parent' waits for a sleep.*\n {6}task #\d+ 'child' waits for lock on mutex/m,
    );
    expect(page).toMatch(
      /^held:\n {2}mutex #\d+ 'accounts' is held by task #\d+ 'parent'; task #\d+ 'child' waits for it$/m,
    );
    yield* get(parent);
  },
);

inBothStyles("tells of a long list only as much as anybody reads", function* ({ body }) {
  using _ = enable();
  const tasks = Array.from({ length: 300 }, () =>
    spawn(
      body(function* () {
        yield* get(sleep(10));
      }),
    ),
  );
  yield* get(sleep(1));
  expect(dump().split("\n").length).toBeLessThan(110);
  expect(dump()).toMatch(/… and 201 more$/m);
  for (const task of tasks) yield* get(task);
});

describe.each(["async", "generator"])("SIGUSR2, in a program of %s bodies", (style) => {
  test("prints it while main runs and somebody records", { timeout: 30_000 }, async () => {
    const { stderr, code } = await asked(style);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^millrace: 2 tasks \(\d waiting/);
    expect(stderr).toMatch(
      /'worker' waits for recv on channel #1 'jobs' \(0\/4, 1 sender\) for .* at .*dumps\.ts:\d+:\d+/,
    );
  });

  test("prints it when the loop was busy, too", { timeout: 30_000 }, async () => {
    const { stderr, code } = await asked(style, "busy");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^millrace: 2 tasks /);
  });

  test("prints the first of ten thousand", { timeout: 60_000 }, async () => {
    const { stderr, code } = await asked(style, "many");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^millrace: 10002 tasks /m);
    expect(stderr).toMatch(/'worker' waits for recv on channel #1 'jobs'/);
    expect(stderr).toMatch(/… and 9902 more$/m);
  });
});

/** What becomes of the program when it hears the signal. */
async function asked(...how: string[]): Promise<End> {
  using program = new Program("dumps", "recorded", ...how);
  await program.wrote("ready");
  program.signal("SIGUSR2");
  return await program.end;
}

test("SIGUSR2 is the system's without a recording", { timeout: 30_000 }, async () => {
  using program = new Program("dumps");
  await program.wrote("ready");
  program.signal("SIGUSR2");
  expect(await program.end).toMatchObject({ signal: "SIGUSR2", stderr: "" });
});

test("the report of leaks has the same words", { timeout: 30_000 }, async () => {
  const { stderr } = await run("dumps", "recorded", "leaks");
  expect(stderr).toMatch(
    /^millrace: 1 task was still running when main ended, and aborted:\n {2}task #\d+ 'worker' waits for recv on channel #1 'jobs' \(0\/4, 1 sender\) for .* at \S+ \(spawned at \S+\)\n$/,
  );
});
