/** The picture and the keys, without a terminal. */
import { EventEmitter } from "node:events";
import type { ReadStream, WriteStream } from "node:tty";
import { ConsoleState, type ConsoleTask, type Detail } from "@millrace/console";
import { describe, expect, test, vi } from "vitest";
import { changed } from "../src/top/keys.ts";
import { picture, report, type View } from "../src/top/picture.ts";
import { Rates } from "../src/top/rates.ts";
import { Screen } from "../src/top/screen.ts";
import { duration } from "../src/top/text.ts";

const hello = {
  type: "hello",
  version: 1,
  program: { name: "app.ts", pid: 7, runtime: "node 24", origin: 0 },
} as const;
const view: View = {
  tab: "tasks",
  sortBy: "busy",
  isInverted: false,
  withEnded: false,
  offset: 0,
  selected: null,
  opened: null,
};
const size = { width: 100, height: 12 };
const plain = (_: unknown, text: string): string => text;

function task(id: number, more: Partial<ConsoleTask> = {}): ConsoleTask {
  return {
    id: id as ConsoleTask["id"],
    state: "waiting",
    kind: "task",
    polls: 1,
    busyMs: 0,
    scheduledMs: 0,
    idleMs: 0,
    longestPollMs: 0,
    wakes: 1,
    selfWakes: 0,
    startedAt: 0,
    ...more,
  };
}

function stateWith(
  at: number,
  tasks: readonly ConsoleTask[],
  state: ConsoleState = new ConsoleState(),
): ConsoleState {
  const polls = tasks.reduce((sum, each) => sum + each.polls, 0);
  state.apply({
    type: "update",
    seq: 1,
    at,
    tasks,
    totals: { spawned: tasks.length, ended: 0, polls, busyMs: 0 },
    loop: { busy: 0.25, lateMs: 3 },
    dropped: { polls: 0, tasks: 0, warnings: 0 },
    pending: 0,
  });
  return state;
}
const known = (state: ConsoleState, detail?: Detail) => ({ hello, state, isPaused: false, detail });
const names = (lines: readonly string[]) => lines.flatMap((line) => /\btask-\w+/.exec(line)?.[0] ?? []);

describe("the picture", () => {
  test("is as high as the terminal and no wider, whatever tasks are called", () => {
    const many = Array.from({ length: 30 }, (_, i) =>
      task(i + 1, {
        name: "日本語の長い名前\n\u001b[2J".repeat(20),
        waitingOn: { operation: "x".repeat(500), since: 0 },
      }),
    );
    for (const width of [20, 80, 300]) {
      const lines = picture(known(stateWith(1, many)), view, new Rates(), { width, height: 12 }, plain);
      expect(lines).toHaveLength(12);
      for (const line of lines)
        expect([line.includes("\n"), line.includes("\u001b")]).toEqual([false, false]);
      for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(width);
      expect(lines.at(-2)).toBe("… and 24 more");
    }
  });

  test("is sorted by any column, and the other way round", () => {
    const state = stateWith(1000, [
      task(1, { name: "task-b", busyMs: 5, polls: 9 }),
      task(2, { name: "task-a", busyMs: 50, polls: 2, waitingOn: { operation: "recv", since: 900 } }),
      task(3, { name: "task-c", busyMs: 1, polls: 3, waitingOn: { operation: "recv", since: 100 } }),
    ]);
    const order = (sortBy: string, isInverted = false) =>
      names(picture(known(state), { ...view, sortBy, isInverted }, new Rates(), size, plain)).join(" ");
    expect(order("busy")).toBe("task-a task-b task-c");
    expect(order("busy", true)).toBe("task-c task-b task-a");
    expect(order("polls")).toBe("task-b task-c task-a");
    expect(order("name")).toBe("task-a task-b task-c");
    expect(order("id")).toBe("task-b task-a task-c");
    expect(order("waits")).toBe("task-c task-a task-b");
  });

  test("says from the second one on how much of the time a task ran", () => {
    const rates = new Rates();
    const state = stateWith(1000, [task(1, { name: "task-a", busyMs: 100, polls: 10 })]);
    rates.measure(state);
    expect(picture(known(state), view, rates, size, plain).join("\n")).not.toContain("NOW");
    stateWith(2000, [task(1, { name: "task-a", busyMs: 600, polls: 510 })], state);
    rates.measure(state);
    const lines = picture(known(state), view, rates, size, plain);
    expect(lines[1]).toContain("510 polls (500/s)");
    expect(lines.find((line) => line.includes("task-a"))).toMatch(/waiting +50 %/);
  });

  test("leaves ended tasks out unless they are asked for", () => {
    const state = stateWith(1, [task(1, { name: "task-a" }), task(2, { name: "task-b", state: "failed" })]);
    expect(names(picture(known(state), view, new Rates(), size, plain))).toEqual(["task-a"]);
    const all = picture(known(state), { ...view, withEnded: true }, new Rates(), size, plain);
    expect(names(all)).toHaveLength(2);
  });

  test("of an opened task has its histograms and its last polls", () => {
    const of = (...buckets: [number, number][]): number[] => {
      const counts = Array.from({ length: 32 }, () => 0);
      for (const [bucket, n] of buckets) counts[bucket] = n;
      return counts;
    };
    const detail: Detail = {
      type: "detail",
      id: 7 as ConsoleTask["id"],
      pollTimes: of([8, 1], [10, 40]),
      scheduledTimes: of([5, 3]),
      history: [
        { at: 900, ms: 0.5, scheduledMs: 0.02 },
        { at: 990, ms: 1.2, scheduledMs: 4 },
      ],
    };
    const state = stateWith(1000, [
      task(3, { name: "main" }),
      task(7, {
        name: "producer",
        parent: 3 as ConsoleTask["id"],
        busyMs: 40,
        polls: 41,
        waitingOn: { operation: "send on channel 'jobs'", since: 800, at: "jobs.ts:11:42" },
      }),
    ]);
    const opened = { ...view, opened: 7 };
    const lines = picture(known(state, detail), opened, new Rates(), { width: 100, height: 30 }, plain);
    const text = lines.join("\n");
    expect(lines).toHaveLength(30);
    expect(text).toContain("task #7 'producer' is waiting");
    expect(text).toContain("it waits for send on channel 'jobs' for 200 ms at jobs.ts:11:42");
    expect(text).toContain("by #3 'main'");
    expect(text).toContain("busy 40 ms (4 %)");
    const bars = lines.filter((line) => /^ *< /.test(line)).map((line) => line.trimEnd());
    expect(bars).toEqual([
      "   < 256 µs █▎ 1",
      "   < 512 µs  0",
      `   < 1.0 ms ${"█".repeat(48)} 40`,
      `    < 32 µs ${"█".repeat(48)} 3`,
    ]);
    expect(text).toMatch(/ITS LAST POLLS, AGO +READY +RAN\n +10 ms +4\.0 ms +1\.2 ms\n +100 ms/);
    const other = picture(
      known(state, { ...detail, id: 3 as ConsoleTask["id"] }),
      opened,
      new Rates(),
      size,
      plain,
    );
    expect(other.join("\n")).toContain("waiting for its histograms");
    expect(report(known(state), { ...view, opened: 99 }, new Rates()).at(-1)).toBe(
      "there is no task #99, or it ended too long ago",
    );
  });

  test("without a terminal is everything, in full", () => {
    const many = Array.from({ length: 500 }, (_, i) => task(i + 1, { name: `task-${i}` }));
    expect(names(report(known(stateWith(1, many)), view, new Rates()))).toHaveLength(500);
  });
});

describe("keys", () => {
  const many = stateWith(
    1,
    Array.from({ length: 30 }, (_, i) => task(i + 1)),
  );
  const press = (from: View, ...keys: string[]): View =>
    keys.reduce((seen, name) => changed(seen, { name }, known(many), size), from);

  test("move through the tasks, not past the ends, and keep the one they have come to in sight", () => {
    const at = (...keys: string[]): number[] => {
      const { selected, offset } = press({ ...view, sortBy: "id" }, ...keys);
      return [selected!, offset];
    };
    expect(at("up")).toEqual([1, 0]);
    expect(at("down", "down")).toEqual([2, 0]);
    expect(at("down", "pagedown")).toEqual([7, 1]);
    expect(at("end")).toEqual([30, 24]);
    expect(at("end", "down")).toEqual([30, 24]);
    expect(at("end", "up", "up")).toEqual([28, 24]);
    expect(at("end", "home")).toEqual([1, 0]);
  });

  test("scroll what cannot be selected", () => {
    expect(press({ ...view, tab: "warnings" }, "down").offset).toBe(0);
    expect(press({ ...view, opened: 3 }, "end", "up").offset).toBe(0);
  });

  test("open a task, and go back to where it was", () => {
    const opened = press({ ...view, sortBy: "id" }, "end", "return");
    expect(opened).toMatchObject({ opened: 30, offset: 0 });
    expect(press(opened, "escape")).toMatchObject({ opened: null, selected: 30, offset: 24 });
    expect(press(opened, "r")).toMatchObject({ opened: null, tab: "resources" });
    expect(press(view, "return")).toBe(view);
  });

  test("change the tab, and what it is sorted by", () => {
    expect(press(view, "r")).toMatchObject({ tab: "resources", sortBy: "id", offset: 0 });
    expect(press(view, "w", "t")).toMatchObject({ tab: "tasks", sortBy: "id" });
    expect(press(view, "right").sortBy).toBe("polls");
    expect(press(view, "left", "left").sortBy).toBe("state");
    expect(press(view, "i").isInverted).toBe(true);
    expect(press(view, "x")).toBe(view);
  });
});

test("the terminal is given back as it was", () => {
  const written: string[] = [];
  const input = Object.assign(new EventEmitter(), { setRawMode: vi.fn(), resume: vi.fn(), pause: vi.fn() });
  const output = Object.assign(new EventEmitter(), {
    columns: 80,
    rows: 24,
    write: (text: string) => written.push(text),
  });
  const events = { onKey: vi.fn(), onStale: vi.fn() };
  const before = process.listenerCount("exit") + process.listenerCount("SIGCONT");
  {
    using screen = new Screen(input as unknown as ReadStream, output as unknown as WriteStream, events);
    screen.draw(["a", "b"]);
    output.emit("resize");
    input.emit("keypress", "q", { name: "q" });
  }
  expect(events.onStale).toHaveBeenCalledOnce();
  expect(events.onKey).toHaveBeenCalledWith({ name: "q" });
  expect(written[0]).toContain("\u001b[?1049h");
  expect(written[1]).toMatch(/a.*\nb/);
  expect(written.at(-1)).toContain("\u001b[?1049l");
  expect(input.setRawMode.mock.calls).toEqual([[true], [false]]);
  expect(process.listenerCount("exit") + process.listenerCount("SIGCONT")).toBe(before);
});

test("durations are said as people say them", () => {
  const said = [0.04, 9.94, 9.96, 999.4, 999.6, 59_949, 59_951, 119_600, 3_600_000].map(duration);
  expect(said).toEqual([
    "0.0 ms",
    "9.9 ms",
    "10 ms",
    "999 ms",
    "1.0 s",
    "59.9 s",
    "1 min 0 s",
    "2 min 0 s",
    "1 h 0 min",
  ]);
});
