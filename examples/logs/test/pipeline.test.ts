/** The pipeline over real files, with a sink that is as slow as the test wants. */
import { mkdtemp, open, readFile, rm, writeFile, appendFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Notify, Runtime, sleep, spawn, type Routine } from "millrace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseEntry } from "../src/entry.ts";
import { runPipeline, type PipelineOptions } from "../src/pipeline.ts";
import { LineSplitter } from "../src/tail.ts";
import { quantile, type Window } from "../src/window.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-logs-test-"));
  path = join(folder, "access.log");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const line = (second: number, rest = "GET /users/1 200 10 ms"): string =>
  `${new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()} ${rest}\n`;

const pipeline = (changes: Partial<PipelineOptions> & Pick<PipelineOptions, "sink">) =>
  runPipeline({ path, windowMs: 1000, pollMs: 1, isComplete: () => true, ...changes });

/** Keeps what it is given. */
function kept(): { windows: Window[]; sink: (window: Window) => Routine<void> } {
  const windows: Window[] = [];
  return {
    windows,
    *sink(window) {
      windows.push(window);
    },
  };
}

describe("a log", () => {
  test("is summed up in windows, torn lines and late entries counted", async () => {
    const text = [line(0), line(0, "GET /users/2 503 900 ms"), "torn\n", line(1), line(0), line(3)].join("");
    await writeFile(path, text.trimEnd());
    const { windows, sink } = kept();
    const totals = await pipeline({ sink });
    expect(totals).toEqual({
      lines: 6,
      malformed: 1,
      windows: 3,
      requests: 5,
      late: 1,
      bytes: text.length - 1,
    });
    expect(windows.map(({ start, requests }) => [new Date(start).getUTCSeconds(), requests])).toEqual([
      [0, 2],
      [1, 2],
      [3, 1],
    ]);
    const users = windows[0]!.routes.get("/users")!;
    expect(users).toMatchObject({ requests: 2, failures: 1 });
    expect([quantile(users, 0.5), quantile(users, 0.95)]).toEqual([16, 1024]);
  });

  test("that is empty has no windows", async () => {
    await writeFile(path, "");
    expect(await pipeline({ sink: kept().sink })).toMatchObject({ lines: 0, windows: 0 });
  });

  test("is followed while it grows", async () => {
    await writeFile(path, line(0));
    let isComplete = false;
    const { windows, sink } = kept();
    const running = spawn(pipeline({ sink, isComplete: () => isComplete }));
    for (let second = 1; second < 4; second++) {
      await appendFile(path, line(second));
      await expect.poll(() => windows.length).toBe(second);
    }
    isComplete = true;
    expect(await running).toMatchObject({ lines: 4, windows: 4 });
  });

  test("that is missing fails the pipeline", async () => {
    await expect(pipeline({ sink: kept().sink })).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("a slow sink", () => {
  test("holds the reader back to one chunk ahead, however long the file", async () => {
    const seconds = 2000;
    const file = await open(path, "w");
    for (let second = 0; second < seconds; second++) await file.write(line(second).repeat(10));
    await file.close();
    const { size } = await open(path).then(async (handle) => {
      const stat = await handle.stat();
      await handle.close();
      return stat;
    });
    let read = 0;
    let taken = 0;
    let mostAhead = 0;
    const totals = await pipeline({
      onRead: (bytes) => (read += bytes),
      *sink(window) {
        yield* sleep(0);
        taken += window.requests * line(0).length;
        mostAhead = Math.max(mostAhead, read - taken);
      },
    });
    expect(totals).toMatchObject({ windows: seconds, requests: seconds * 10, bytes: size });
    expect(size).toBeGreaterThan(10 * 64 * 1024);
    // A chunk, and what of the one before was cut off in the middle of a window.
    expect(mostAhead).toBeLessThan(64 * 1024 + 20 * line(0).length);
  });

  test("that fails ends the pipeline with its failure, and closes the file", async () => {
    await writeFile(path, line(0) + line(1) + line(2));
    const failure = new Error("full");
    const running = pipeline({
      *sink() {
        throw failure;
      },
    });
    await expect(running).rejects.toBe(failure);
  });

  test("is left alone when the pipeline is abandoned", async () => {
    await writeFile(path, line(0) + line(1) + line(2));
    const runtime = new Runtime();
    let hasLeft = false;
    const reached = new Notify();
    const task = runtime.spawn(
      pipeline({
        *sink() {
          try {
            reached.notifyOne();
            yield* sleep(1e6);
          } finally {
            hasLeft = true;
          }
        },
      }),
    );
    await reached.notified();
    task.abort();
    expect((await task.settled()).status).toBe("cancelled");
    expect(hasLeft).toBe(true);
    expect((await runtime.shutdown()).aborted).toBe(0);
  });

  test("gets what was summed up when the reading is stopped", async () => {
    await writeFile(path, line(0) + line(1));
    const stop = new AbortController();
    const { windows, sink } = kept();
    const running = spawn(pipeline({ sink, isComplete: () => false, stop: stop.signal }));
    await expect.poll(() => windows.length).toBe(1);
    stop.abort();
    expect(await running).toMatchObject({ lines: 2, windows: 2 });
  });
});

describe("parts", () => {
  test("lines and characters may be cut anywhere", () => {
    const bytes = Buffer.from("grün\nzwei\n\nlast €");
    for (let at = 0; at <= bytes.length; at++) {
      const splitter = new LineSplitter();
      const lines = [...splitter.split(bytes.subarray(0, at)), ...splitter.split(bytes.subarray(at))];
      expect([...lines, ...splitter.rest()]).toEqual(["grün", "zwei", "", "last €"]);
    }
  });

  test.each(["", "x", "2026-13-45 GET /a 200 1 ms", "2026-01-01T00:00:00Z GET /a 200"])(
    "%j is no entry",
    (text) => expect(parseEntry(text)).toBeUndefined(),
  );

  test("an entry has the first part of its path as its route", () => {
    expect(parseEntry("2026-01-01T00:00:00.500Z POST /orders/17/items 201 34 ms")).toEqual({
      at: Date.UTC(2026, 0, 1, 0, 0, 0, 500),
      route: "/orders",
      status: 201,
      ms: 34,
    });
  });
});

test("the windows are written as JSON, one a line", async () => {
  const { SlowSink } = await import("../src/sink.ts");
  const out = join(folder, "windows.jsonl");
  await writeFile(path, line(0) + line(1));
  const sink = await SlowSink.open(out, 1);
  await pipeline({ sink: (window) => sink.take(window) });
  await sink[Symbol.asyncDispose]();
  const written = (await readFile(out, "utf8"))
    .trimEnd()
    .split("\n")
    .map((text) => JSON.parse(text) as unknown);
  expect(written).toEqual([
    {
      start: "2026-01-01T00:00:00.000Z",
      requests: 1,
      routes: { "/users": { requests: 1, failures: 0, p95: 16 } },
    },
    {
      start: "2026-01-01T00:00:01.000Z",
      requests: 1,
      routes: { "/users": { requests: 1, failures: 0, p95: 16 } },
    },
  ]);
});
