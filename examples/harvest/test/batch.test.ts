import { mpsc, now, sleep, spawn } from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { nextBatch } from "../src/batch.ts";

test("what is there already makes a batch, no larger than its size", () =>
  paused(function* () {
    const [tx, rx] = mpsc.channel<number>(10);
    for (const value of [1, 2, 3, 4, 5]) yield* tx.send(value);
    expect(yield* nextBatch(rx, { size: 3, within: 100 })).toEqual([1, 2, 3]);
  }));

test("the first message waits for company no longer than it may, and nothing is lost", () =>
  paused(function* () {
    const [tx, rx] = mpsc.channel<number>(10);
    spawn(function* () {
      for (const value of [1, 2, 3, 4]) {
        yield* sleep(40);
        yield* tx.send(value);
      }
      tx.close();
    });
    const startedAt = now();
    expect(yield* nextBatch(rx, { size: 10, within: 100 })).toEqual([1, 2, 3]);
    expect(now() - startedAt).toBe(140);
    expect(yield* nextBatch(rx, { size: 10, within: 100 })).toEqual([4]);
    expect(now() - startedAt).toBe(160);
    expect(yield* nextBatch(rx, { size: 10, within: 100 })).toEqual([]);
  }));
