import { expect, test } from "vitest";
import { openDisplay } from "../src/display.ts";
import type { ProgressSnapshot } from "../src/progress.ts";
import { byteSize } from "../src/byte-size.ts";

const snapshot: ProgressSnapshot = {
  total: 10,
  alreadyStored: 1,
  stored: 4,
  bytes: 1_234_567,
  duplicates: 0,
  retries: 2,
  failures: new Map([["status", 1]]),
  inFlight: 3,
  peakTasks: 20,
  isFinished: false,
  recent: [],
  recentFailures: [],
  elapsed: 1000,
};

function recorder(terminal: { isTTY?: boolean; columns?: number }) {
  const written: string[] = [];
  return { ...terminal, written, write: (text: string) => written.push(text) };
}

test("plain lines: each piece of progress is a line of its own", () => {
  const stream = recorder({});
  {
    using display = openDisplay(stream);
    display.show(snapshot);
    display.say("hello");
  }
  expect(stream.written).toEqual(["5/10 documents, 1.2 MB, 3 in flight, 2 retries, 1 failed\n", "hello\n"]);
});

test("a terminal: progress rewrites its line, what is said stays above it, the end takes it away", () => {
  const stream = recorder({ isTTY: true, columns: 120 });
  {
    using display = openDisplay(stream);
    display.show(snapshot);
    display.say("hello");
  }
  const line = "██████████░░░░░░░░░░ 5/10 documents, 1.2 MB, 3 in flight, 2 retries, 1 failed";
  expect(stream.written).toEqual([`\r\u001B[K${line}`, `\r\u001B[Khello\n${line}`, "\r\u001B[K"]);
});

test("a narrow terminal: the line never wraps", () => {
  const stream = recorder({ isTTY: true, columns: 30 });
  openDisplay(stream).show(snapshot);
  expect(stream.written).toEqual(["\r\u001B[K██████████░░░░░░░░░░ 5/10 doc"]);
});

test("a terminal that does not know its width has 80 columns", () => {
  const stream = recorder({ isTTY: true, columns: 0 });
  openDisplay(stream).show({ ...snapshot, stored: 1_234_567, total: 2_345_678 });
  expect(stream.written[0]).toHaveLength("\r\u001B[K".length + 79);
});

test.for([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [12_345, "12 kB"],
  [999_999, "1.0 MB"],
  [1_234_567_890, "1.2 GB"],
] as const)("%d bytes are %s", ([bytes, text]) => {
  expect(byteSize(bytes)).toBe(text);
});
