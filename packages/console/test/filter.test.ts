/** What may be typed to narrow a table. */
import { expect, test } from "vitest";
import type { ConsoleTask } from "@millrace/console";
import { parseFilter, TASK } from "../src/ui/filter.ts";
import { count, duration, place, short } from "../src/ui/format.ts";

const task: ConsoleTask = {
  id: 12 as ConsoleTask["id"],
  name: "Fetch 7",
  parent: 3 as ConsoleTask["id"],
  state: "waiting",
  kind: "actor",
  spawnedAt: "src/main.ts:8:3",
  waitingOn: { operation: "recv on channel #4 'jobs' (0/32)", since: 1000, at: "src/pool.ts:9:1" },
  polls: 100,
  busyMs: 12.5,
  scheduledMs: 3,
  idleMs: 4000,
  longestPollMs: 0.8,
  wakes: 101,
  selfWakes: 0,
  startedAt: 0,
};
const matches = (filter: string): boolean => parseFilter(filter, TASK)(task, 3500);

test.each([
  "",
  "  ",
  "fetch",
  "FETCH 7",
  '"fetch 7"',
  "name:fetch",
  'name:"fetch 7"',
  "state:waiting kind:actor",
  "on:jobs on:pool.ts",
  "at:main.ts",
  "id:12",
  "parent:3",
  "busy>12",
  "busy>12ms",
  "busy<0.1s",
  "wait>2s",
  "longest<900us",
  "longest<900µs",
  "polls>99 polls<101",
  "-state:done",
  "-busy>1s",
  "#4",
])("%j finds it", (filter) => {
  expect(matches(filter)).toBe(true);
});

test.each([
  "store",
  '"7 fetch"',
  "name:jobs",
  "state:ready",
  "id:1",
  "parent:12",
  "busy>13",
  "wait>1min",
  "polls>100",
  "-fetch",
  "fetch -kind:actor",
  "nothing>1",
  "unknown:fetch",
])("%j does not find it", (filter) => {
  expect(matches(filter)).toBe(false);
});

test("numbers are short", () => {
  expect([0, 0.0001, 0.042, 0.9996, 4.21, 310.4, 4200, 200_000, 7_300_000].map(duration)).toEqual([
    "0",
    "0",
    "42 µs",
    "1.0 ms",
    "4.2 ms",
    "310 ms",
    "4.2 s",
    "3 min 20 s",
    "2 h 1 min",
  ]);
  expect([0, 999, 1000, 1_234_567].map(count)).toEqual(["0", "999", "1\u202f000", "1\u202f234\u202f567"]);
  expect([0.5, 12, 1200, 34_000, 5_600_000].map(short)).toEqual(["0.5", "12", "1.2 k", "34 k", "5.6 M"]);
  expect(place("packages/app/src/main.ts:8:3")).toBe("main.ts:8");
});
