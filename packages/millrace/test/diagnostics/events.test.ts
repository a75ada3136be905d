/** Live events, to listeners and on `node:diagnostics_channel`. */
import { channel } from "node:diagnostics_channel";
import { mpsc, sleep, spawn } from "millrace";
import { startActor } from "millrace/actor";
import { enable, subscribe, type DiagnosticEvent } from "millrace/diagnostics";
import { expect, test } from "vitest";
import { host } from "../../src/runtime/host.ts";
import { get, inBothStyles } from "../both-styles.ts";

inBothStyles("spawning, polling, ending and warnings are told in order", function* ({ body }) {
  using recording = enable();
  const events: DiagnosticEvent[] = [];
  using _subscription = subscribe((event) => events.push(event));
  const task = spawn(
    body(function* () {
      yield* get(sleep(1));
      sleep(1);
    }),
    { name: "watched" },
  );
  yield* get(task);
  recording[Symbol.dispose]();
  const own = events.filter((event) => {
    if (event.type === "spawn" || event.type === "end") return event.task.id === task.id;
    return (event.type === "poll" ? event.task : event.warning.task) === task.id;
  });
  expect(own[0]).toMatchObject({ type: "spawn", task: { name: "watched", state: "ready" } });
  const types = own.map(({ type }) => type);
  expect(types.slice(1, 3)).toEqual(["poll", "poll"]);
  expect(types.slice(-2)).toEqual(["end", "warning"]);
  expect(own.at(-2)).toMatchObject({ task: { state: "done", polls: expect.any(Number) as number } });
  expect(own.at(-1)).toMatchObject({ warning: { lint: "never-awaited" } });
});

inBothStyles("an actor is one from the beginning", function* () {
  using _ = enable();
  const kinds: string[] = [];
  using _subscription = subscribe((event) => {
    if (event.type === "spawn") kinds.push(event.task.kind);
  });
  using actor = startActor(() => ({ ping: () => "pong" }));
  yield* get(actor.ask.ping());
  yield* get(actor.stop());
  expect(kinds).toContain("actor");
});

inBothStyles("nothing is told before, between and after recordings", function* ({ body }) {
  const events: DiagnosticEvent[] = [];
  using subscription = subscribe((event) => events.push(event));
  yield* get(spawn(body(function* () {})));
  {
    using _ = enable();
    yield* get(spawn(body(function* () {})));
    expect(events.map(({ type }) => type)).toContain("end");
    events.length = 0;
  }
  yield* get(spawn(body(function* () {})));
  expect(events).toEqual([]);
  using _ = enable();
  subscription[Symbol.dispose]();
  yield* get(spawn(body(function* () {})));
  expect(events).toEqual([]);
});

inBothStyles("the same events are published on diagnostics channels", function* ({ body }) {
  using _ = enable();
  const published: string[] = [];
  const names = ["millrace:spawn", "millrace:end", "millrace:poll", "millrace:warning"];
  const listener = (event: unknown, name: string | symbol): void => {
    expect(name).toBe(`millrace:${(event as DiagnosticEvent).type}`);
    published.push(String(name));
  };
  for (const name of names) channel(name).subscribe(listener);
  const [tx, rx] = mpsc.unbounded<number>();
  for (let i = 0; i < 2000; i++) tx.send(i);
  yield* get(spawn(body(function* () {})));
  yield* get(
    spawn(
      body(function* () {
        sleep(1);
      }),
    ),
  );
  yield* get(sleep(2000));
  yield* get(sleep(1));
  // Until here the channel lives.
  rx.close();
  for (const name of names) channel(name).unsubscribe(listener);
  expect(new Set(published)).toEqual(new Set(names));
});

test("a listener that throws is reported, and disturbs neither the others nor the program", async () => {
  using _ = enable();
  const { report } = host;
  const reports: unknown[] = [];
  host.report = (...lines) => reports.push(lines[0]);
  let heard = 0;
  using _bad = subscribe(() => {
    throw new Error("boom");
  });
  using _good = subscribe(() => heard++);
  await spawn(function* () {});
  host.report = report;
  expect(reports).toContain("millrace: a listener of diagnostic events failed:");
  expect(heard).toBe(reports.length);
});

test("subscribe expects a function", () => {
  expect(() => subscribe(null as never)).toThrow("subscribe expects a function, got null");
});
