import { Runtime, mpsc, sleep, spawn } from "millrace";
import { instrument } from "@millrace/opentelemetry";
import { expect, test } from "vitest";
import { get, styles } from "../../millrace/test/both-styles.ts";
import { Collected } from "./collected.ts";

test.each(styles)("the counters of a runtime are metrics [$name]", async ({ body }) => {
  const collected = new Collected();
  using _ = instrument({ meterProvider: collected.meterProvider, tracerProvider: null });
  await using runtime = new Runtime({ name: "jobs", clock: "paused" });
  const stop = Promise.withResolvers<void>();
  const waits = runtime.spawn(() => stop.promise);
  await runtime.run(
    body(function* () {
      for (let i = 0; i < 3; i++)
        yield* get(
          spawn(
            body(function* () {
              yield* get(sleep(10));
            }),
          ),
        );
    }),
  );
  const jobs = async (name: string) =>
    (await collected.points(`millrace.${name}`)).find(
      ({ attributes }) => attributes["millrace.runtime.name"] === "jobs",
    )?.value;
  expect(await jobs("task.spawned")).toBe(5);
  expect(await jobs("task.alive")).toBe(1);
  expect(await jobs("poll.count")).toBeGreaterThanOrEqual(8);
  expect(await jobs("queue.depth")).toBe(0);
  expect(await jobs("loop.busy")).toBeGreaterThan(0);
  stop.resolve();
  await waits;
  expect(await jobs("task.alive")).toBe(0);
});

test.each(styles)("tasks that ended are counted by how [$name]", async ({ body }) => {
  const collected = new Collected();
  using _ = instrument({ meterProvider: collected.meterProvider, pollDurations: true });
  await using runtime = new Runtime({ onTaskFailure: "ignore", clock: "paused" });
  await runtime.run(
    body(function* () {
      yield* get(
        spawn(
          body(function* () {
            throw new Error("boom");
          }),
        ).settled(),
      );
      const task = spawn(
        body(function* () {
          yield* get(sleep(1000));
        }),
      );
      yield* get(sleep(1));
      task.abort();
      yield* get(task.settled());
    }),
  );
  const ended = await collected.points("millrace.task.ended");
  const counts = Object.fromEntries(
    ended.map(({ attributes, value }) => [attributes["millrace.task.state"], value]),
  );
  expect(counts).toEqual({ done: 1, failed: 1, cancelled: 1 });
  expect(await collected.points("millrace.task.busy")).toMatchObject([{ value: { count: 3 } }]);
  const [polls] = await collected.points("millrace.poll.duration");
  expect((polls!.value as { count: number }).count).toBeGreaterThan(3);
});

test("channels of a name are one series; those without are left out", async () => {
  const collected = new Collected();
  using _ = instrument(collected);
  const channels = [
    mpsc.channel<number>(8, { name: "jobs" }),
    mpsc.channel<number>(8, { name: "jobs" }),
    mpsc.channel<number>(8),
  ];
  for (const [tx] of channels) for (let i = 0; i < 3; i++) await tx.send(i);
  const attributes = { "millrace.resource.kind": "mpsc", "millrace.resource.name": "jobs" };
  expect(await collected.points("millrace.channel.size")).toEqual([{ value: 6, attributes }]);
  expect(await collected.points("millrace.resource.waiters")).toEqual([{ value: 0, attributes }]);
  for (const [tx, rx] of channels) [tx, rx].forEach((half) => half.close());
});

test("warnings are counted by lint", async () => {
  const collected = new Collected();
  using _ = instrument(collected);
  const [tx, rx] = mpsc.unbounded<number>({ name: "jobs" });
  for (let i = 0; i < 1500; i++) tx.send(i);
  // A snapshot looks for what has grown.
  await collected.points("millrace.channel.size");
  expect(await collected.points("millrace.warning.count")).toEqual([
    { value: 1, attributes: { "millrace.lint": "growing-queue" } },
  ]);
  // Until here it lives.
  rx.close();
});

test("nothing is observed any more once it has ended", async () => {
  const collected = new Collected();
  instrument(collected)[Symbol.dispose]();
  await using runtime = new Runtime({ name: "jobs" });
  await runtime.run(async () => {});
  expect(await collected.points("millrace.task.spawned")).toEqual([]);
  expect(await collected.points("millrace.task.ended")).toEqual([]);
});
