import {
  fromPromise,
  LocalExecutor,
  Notify,
  PENDING,
  pending,
  Runtime,
  sleep,
  spawn,
  yieldNow,
} from "millrace";
import { step } from "millrace/testing";
import { expect, test } from "vitest";
import { styles } from "../both-styles.ts";
import { turn } from "../turn.ts";

for (const { name, body } of styles) {
  test(`nothing runs until tick, which runs one ready task [${name}]`, async () => {
    const executor = new LocalExecutor();
    const log: string[] = [];
    for (const each of ["a", "b", "c"]) {
      executor.spawn(
        body(function* () {
          log.push(each);
        }),
      );
    }
    await turn();
    expect(log).toEqual([]);
    expect(executor.isIdle).toBe(false);
    expect(executor.tick()).toBe(true);
    expect(log).toEqual(["a"]);
    expect(executor.tick()).toBe(true);
    expect(executor.tick()).toBe(true);
    expect(log).toEqual(["a", "b", "c"]);
    await Promise.resolve();
    while (executor.tick());
    expect([executor.tick(), executor.isIdle]).toEqual([false, true]);
  });
}

test("a task that yields runs after the others that are ready", () => {
  const executor = new LocalExecutor();
  const log: string[] = [];
  const two = (name: string) =>
    executor.spawn(function* () {
      log.push(`${name}1`);
      yield* yieldNow();
      log.push(`${name}2`);
    });
  two("a");
  two("b");
  while (executor.tick());
  expect(log).toEqual(["a1", "b1", "a2", "b2"]);
});

test("tasks spawned inside belong to the executor, and a joiner does not run what it joins", () => {
  const executor = new LocalExecutor();
  const log: string[] = [];
  const outer = executor.spawn(function* () {
    const inner = spawn(function* () {
      log.push("inner");
      return 5;
    });
    log.push("outer");
    return yield* inner;
  });
  expect(executor.tick()).toBe(true);
  expect(log).toEqual(["outer"]);
  expect(executor.tick()).toBe(true);
  expect(log).toEqual(["outer", "inner"]);
  expect(outer.isFinished).toBe(false);
  expect(executor.tick()).toBe(true);
  expect(outer.isFinished).toBe(true);
});

test("timers make tasks ready; they still run only when told to", async () => {
  const executor = new LocalExecutor();
  let ended = false;
  executor.spawn(function* () {
    yield* sleep(1);
    ended = true;
  });
  executor.tick();
  expect(executor.isIdle).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([executor.isIdle, ended]).toEqual([false, false]);
  executor.tick();
  expect(ended).toBe(true);
});

test("run drives everything until the future has its result, and no further", async () => {
  const executor = new LocalExecutor({ seed: 1 });
  const log: string[] = [];
  executor
    .spawn(function* () {
      for (let i = 0; i < 3; i++) {
        log.push("background");
        yield* sleep(1);
      }
    })
    .detach();
  expect(await executor.run(sleep(1).map(() => "value"))).toBe("value");
  expect(await executor.run(Promise.resolve(1))).toBe(1);
  expect(await executor.run(2)).toBe(2);
  await expect(executor.run(fromPromise<void>(() => Promise.reject(new Error("no"))))).rejects.toThrow("no");
  const before = log.length;
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(log.length).toBe(before);
});

test("run inside a task of a runtime is abandoned with it", async () => {
  await using runtime = new Runtime({ clock: "paused" });
  const executor = new LocalExecutor();
  const notify = new Notify();
  await runtime.run(async () => {
    const task = spawn(async () => executor.run(notify.notified()));
    await yieldNow();
    task.abort();
    expect(await task.settled()).toMatchObject({ status: "cancelled" });
  });
});

test("aborting and joining from outside work by hand", () => {
  const executor = new LocalExecutor();
  const task = executor.spawn(pending());
  const joining = step(task);
  executor.tick();
  expect(joining.poll()).toBe(PENDING);
  task.abort("by hand");
  expect(executor.tick()).toBe(true);
  expect(joining.isWoken).toBe(true);
  expect(() => joining.poll()).toThrow("cancelled");
});
