import { mpsc, osSignal, select, sleep, spawn } from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { nextTurn } from "../turn.ts";

test("for await takes one item a round and ends with the source", () =>
  paused(async () => {
    const [tx, rx] = mpsc.channel<number>(4);
    spawn(async () => {
      for (let i = 0; i < 10; i++) {
        await tx.send(i);
        await sleep(i % 3);
      }
      tx.close();
    });
    const seen: number[] = [];
    for await (const item of rx) seen.push(item);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }));

test("leaving the loop early takes nothing more", () =>
  paused(async () => {
    const [tx, rx] = mpsc.channel<number>(4);
    for (let i = 0; i < 4; i++) tx.trySend(i);
    for await (const item of rx) if (item === 1) break;
    expect(rx.size).toBe(2);
    for await (const item of rx) {
      expect(item).toBe(2);
      break;
    }
    expect(await rx.recv()).toBe(3);
  }));

test("aborting a loop drops its pending item and loses no message", () =>
  paused(async () => {
    const [tx, rx] = mpsc.channel<number>(4);
    const seen: number[] = [];
    const loop = spawn(async () => {
      for await (const item of rx) seen.push(item);
    });
    await sleep(1);
    tx.trySend(1);
    await sleep(1);
    tx.trySend(2);
    // It has been woken for the message, and is cancelled before it runs.
    loop.abort();
    expect((await loop.settled()).status).toBe("cancelled");
    expect([seen, rx.tryRecv()]).toEqual([[1], { ok: true, value: 2 }]);
  }));

test("waiting in a loop for something from outside is no deadlock", () =>
  paused(async (clock) => {
    const loop = spawn(async () => {
      for await (const _ of osSignal("SIGUSR2")) return "signalled";
      return "ended";
    });
    await clock.settle();
    nextTurn(() => nextTurn(() => process.emit("SIGUSR2", "SIGUSR2")));
    expect(await loop).toBe("signalled");
  }));

test("next() called by hand twice takes two items in order", () =>
  paused(async () => {
    const [tx, rx] = mpsc.channel<string>(4);
    const items = rx[Symbol.asyncIterator]();
    const both = Promise.all([items.next(), items.next()]);
    tx.trySend("a");
    tx.trySend("b");
    expect(await both).toEqual([
      { done: false, value: "a" },
      { done: false, value: "b" },
    ]);
    expect(await items.return?.()).toEqual({ done: true, value: undefined });
    expect(rx.isClosed).toBe(false);
    await select({ tick: sleep(1) });
  }));
