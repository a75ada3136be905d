import { AsyncLocalStorage } from "node:async_hooks";
import { Runtime, sleep, spawn, yieldNow } from "millrace";
import { enable, subscribe, type DiagnosticEvent } from "millrace/diagnostics";
import { aroundSpawn, isRecording, runtimeMetrics } from "millrace/instrumentation";
import { expect, test, vi } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

const store = new AsyncLocalStorage<string>();

inBothStyles("what is set around a spawn is found by the body, after every wait", function* ({ body }) {
  using recording = enable({ stacks: false });
  void recording;
  using outer = aroundSpawn(({ name }, capture) => store.run(`${store.getStore()} outer ${name}`, capture));
  void outer;
  using inner = aroundSpawn(({ name }, capture) => store.run(`${store.getStore()} inner ${name}`, capture));
  void inner;
  const seen: unknown[] = [];
  const task = store.run("caller", () =>
    spawn(
      body(function* () {
        seen.push(store.getStore());
        yield* get(sleep(1));
        seen.push(store.getStore());
        yield* get(
          spawn(
            body(function* () {
              yield* get(yieldNow());
              seen.push(store.getStore());
            }),
            { name: "b" },
          ),
        );
        seen.push(store.getStore());
      }),
      { name: "a" },
    ),
  );
  yield* get(task);
  const a = "caller outer a inner a";
  expect(seen).toEqual([a, a, `${a} outer b inner b`, a]);
});

inBothStyles("a failure in there is reported, and the task runs as it would have", function* ({ body }) {
  const report = vi.spyOn(console, "error").mockImplementation(() => {});
  try {
    using recording = enable({ stacks: false });
    void recording;
    using subscription = aroundSpawn(() => {
      throw new Error("boom");
    });
    void subscription;
    const seen = yield* get(
      store.run("caller", () =>
        spawn(
          body(function* () {
            yield* get(sleep(1));
            return store.getStore();
          }),
        ),
      ),
    );
    expect(seen).toBe("caller");
    expect(report).toHaveBeenCalledWith(
      "millrace: what was to set the async context of a task failed:",
      new Error("boom"),
    );
  } finally {
    report.mockRestore();
  }
});

test("it is not called once it was disposed, nor by a runtime without async context", async () => {
  using recording = enable({ stacks: false });
  void recording;
  const around = vi.fn((_: unknown, capture: () => void) => capture());
  const subscription = aroundSpawn(around);
  await using without = new Runtime({ asyncContext: false });
  await without.run(async () => {});
  expect(around).not.toHaveBeenCalled();
  await spawn(async () => {});
  expect(around).toHaveBeenCalledOnce();
  subscription[Symbol.dispose]();
  await spawn(async () => {});
  expect(around).toHaveBeenCalledOnce();
  expect(() => aroundSpawn(null as never)).toThrow("aroundSpawn expects a function, got null");
});

inBothStyles("the end of a task says what it failed with, or was cancelled for", function* ({ body }) {
  using recording = enable({ stacks: false });
  void recording;
  const ends: DiagnosticEvent[] = [];
  using subscription = subscribe((event) => {
    if (event.type === "end" && event.task.name !== undefined) ends.push(event);
  });
  void subscription;
  const error = new Error("boom");
  const fails = body(function* () {
    yield* get(sleep(1));
    throw error;
  });
  const waits = body(function* () {
    yield* get(sleep(1000));
  });
  yield* get(spawn(fails, { name: "failing" }).settled());
  const task = spawn(waits, { name: "cancelled" });
  yield* get(sleep(1));
  task.abort("enough");
  yield* get(task.settled());
  yield* get(spawn(waits, { name: "done" }));
  const end = { type: "end", at: expect.any(Number) as unknown };
  expect(ends).toEqual([
    { ...end, task: expect.objectContaining({ name: "failing" }) as unknown, reason: error },
    { ...end, task: expect.objectContaining({ name: "cancelled" }) as unknown, reason: "enough" },
    { ...end, task: expect.objectContaining({ name: "done" }) as unknown },
  ]);
});

test("it is known whether something records, and what each runtime has counted", async () => {
  expect(isRecording()).toBe(false);
  using recording = enable({ stacks: false });
  void recording;
  expect(isRecording()).toBe(true);
  await using runtime = new Runtime({ name: "counted" });
  expect(runtimeMetrics().find(({ name }) => name === "counted")).toBeUndefined();
  await runtime.run(async () => {});
  expect(runtimeMetrics().find(({ name }) => name === "counted")).toMatchObject({
    spawned: 1,
    aliveTasks: 0,
  });
});
