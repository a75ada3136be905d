import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { asyncFn, fromPromise, Mutex, scope, sleep, spawn, yieldNow } from "millrace";
import { startActor } from "millrace/actor";
import { enable } from "millrace/diagnostics";
import { instrument } from "@millrace/opentelemetry";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../../millrace/test/both-styles.ts";
import { Collected } from "./collected.ts";

const active = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId;

describe("every task gets a span", () => {
  inBothStyles("that is active in its body, before and after each wait", function* ({ body }) {
    const collected = new Collected();
    using _ = instrument(collected);
    const seen: (string | undefined)[] = [];
    const work = (name: string) =>
      spawn(
        body(function* () {
          seen.push(active());
          yield* get(sleep(1));
          seen.push(active());
          yield* get(yieldNow());
          seen.push(active());
          // A foreign promise, and a call of its own.
          yield* get(fromPromise(() => Promise.resolve()));
          yield* get(
            asyncFn(
              body(function* () {
                seen.push(active());
                yield* get(sleep(1));
                seen.push(active());
              }),
            )(),
          );
          seen.push(active());
          return name;
        }),
        { name },
      );
    const first = work("first");
    yield* get(first);
    const own = collected.span("first").spanContext().spanId;
    expect(seen).toEqual([own, own, own, own, own, own]);
  });

  inBothStyles("and interleaved tasks do not see each other's", function* ({ body }) {
    const collected = new Collected();
    using _ = instrument(collected);
    const seen: Record<string, Set<string | undefined>> = {};
    const names = ["a", "b", "c"];
    yield* get(
      scope(
        body(function* (tasks) {
          for (const name of names) {
            tasks.spawn(
              body(function* () {
                for (let i = 0; i < 5; i++) {
                  (seen[name] ??= new Set()).add(active());
                  yield* get(yieldNow());
                }
              }),
              { name },
            );
          }
        }),
      ),
    );
    for (const name of names) expect([...seen[name]!]).toEqual([collected.span(name).spanContext().spanId]);
  });

  inBothStyles("a child of the span around its spawn, with a link to its spawner's", function* ({ body }) {
    const collected = new Collected();
    const tracer = collected.tracerProvider.getTracer("test");
    using _ = instrument(collected);
    yield* get(
      spawn(
        body(function* () {
          const request = tracer.startSpan("request");
          const inner = context.with(trace.setSpan(context.active(), request), () =>
            spawn(
              body(function* () {
                yield* get(sleep(1));
              }),
              { name: "inner" },
            ),
          );
          yield* get(inner);
          request.end();
        }),
        { name: "outer" },
      ),
    );
    const [outer, request, inner] = ["outer", "request", "inner"].map((name) => collected.span(name));
    expect(request!.parentSpanContext?.spanId).toBe(outer!.spanContext().spanId);
    expect(inner!.parentSpanContext?.spanId).toBe(request!.spanContext().spanId);
    expect(inner!.links).toEqual([
      expect.objectContaining({
        context: outer!.spanContext(),
        attributes: { "millrace.link": "spawner" },
      }),
    ]);
    expect(outer!.parentSpanContext).toBeUndefined();
    expect(outer!.links).toEqual([]);
  });

  inBothStyles("a trace of its own where that is wanted, still linked", function* ({ body }) {
    const collected = new Collected();
    using _ = instrument({
      tracerProvider: collected.tracerProvider,
      isRoot: ({ name }) => name === "daemon",
    });
    let seen: string | undefined;
    yield* get(
      spawn(
        body(function* () {
          yield* get(
            spawn(
              body(function* () {
                yield* get(sleep(1));
                seen = active();
              }),
              { name: "daemon" },
            ),
          );
        }),
        { name: "starter" },
      ),
    );
    const [starter, daemon] = [collected.span("starter"), collected.span("daemon")];
    expect(daemon.parentSpanContext).toBeUndefined();
    expect(daemon.spanContext().traceId).not.toBe(starter.spanContext().traceId);
    expect(daemon.links.map(({ context: to }) => to)).toEqual([starter.spanContext()]);
    expect(seen).toBe(daemon.spanContext().spanId);
  });

  inBothStyles("unless it is not wanted: then its work belongs to the span around it", function* ({ body }) {
    const collected = new Collected();
    using _ = instrument({
      tracerProvider: collected.tracerProvider,
      meterProvider: null,
      spanFor: ({ name }) => name !== "small",
    });
    let seen: string | undefined;
    yield* get(
      spawn(
        body(function* () {
          yield* get(
            spawn(
              body(function* () {
                yield* get(sleep(1));
                seen = active();
              }),
              { name: "small" },
            ),
          );
        }),
        { name: "large" },
      ),
    );
    expect(collected.spans.map(({ name }) => name)).toEqual(["large"]);
    expect(seen).toBe(collected.span("large").spanContext().spanId);
  });
});

describe("the span says how the task ended", () => {
  inBothStyles("done", function* ({ body }) {
    const collected = new Collected();
    using _ = instrument(collected);
    yield* get(
      spawn(
        body(function* () {
          yield* get(sleep(1));
        }),
        { name: "task" },
      ),
    );
    const { attributes, status, ended, events } = collected.span("task");
    expect({ status, ended, events }).toEqual({
      status: { code: SpanStatusCode.UNSET },
      ended: true,
      events: [],
    });
    expect(attributes).toMatchObject({
      "millrace.task.state": "done",
      "millrace.task.kind": "task",
      "millrace.task.polls": expect.any(Number) as number,
      "millrace.task.busy_ms": expect.any(Number) as number,
    });
  });

  inBothStyles("failed, with the error", function* ({ body }) {
    const collected = new Collected();
    using _ = instrument(collected);
    const task = spawn(
      body(function* () {
        yield* get(sleep(1));
        throw new TypeError("boom");
      }),
      { name: "task" },
    );
    yield* get(task.settled());
    const { attributes, status, events } = collected.span("task");
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: "boom" });
    expect(attributes).toMatchObject({ "millrace.task.state": "failed", "error.type": "TypeError" });
    expect(events.map(({ name, attributes: of }) => [name, of?.["exception.message"]])).toEqual([
      ["exception", "boom"],
    ]);
  });

  inBothStyles("cancelled, and for what", function* ({ body }) {
    const collected = new Collected();
    using _ = instrument(collected);
    const task = spawn(
      body(function* () {
        yield* get(sleep(1000));
      }),
      { name: "task" },
    );
    yield* get(sleep(1));
    task.abort("enough");
    yield* get(task.settled());
    expect(collected.span("task").attributes).toMatchObject({
      "millrace.task.state": "cancelled",
      "millrace.task.cancel_reason": "enough",
    });
    expect(collected.span("task").status).toEqual({ code: SpanStatusCode.UNSET });
  });

  inBothStyles("cancelled before it began", function* ({ body }) {
    const collected = new Collected();
    using _ = instrument(collected);
    const task = spawn(
      body(function* () {}),
      { name: "task" },
    );
    task.abort();
    yield* get(task.settled());
    expect(collected.span("task").attributes).toMatchObject({ "millrace.task.state": "cancelled" });
  });

  inBothStyles("still alive, when tracing ends", function* ({ body }) {
    const collected = new Collected();
    const instrumentation = instrument(collected);
    const task = spawn(
      body(function* () {
        yield* get(sleep(1000));
      }),
      { name: "task" },
    );
    yield* get(sleep(1));
    instrumentation[Symbol.dispose]();
    expect(collected.span("task").attributes).toMatchObject({ "millrace.task.state": "alive" });
    yield* get(task);
    expect(collected.spans).toHaveLength(1);
    yield* get(
      spawn(
        body(function* () {
          expect(active()).toBeUndefined();
        }),
      ),
    );
    expect(collected.spans).toHaveLength(1);
  });
});

inBothStyles("warnings are events of the span", function* ({ body }) {
  const collected = new Collected();
  using _ = instrument(collected);
  const accounts = new Mutex(0, { name: "accounts" });
  yield* get(
    spawn(
      body(function* () {
        using guard = yield* get(accounts.lock());
        yield* get(sleep(5000));
        guard.value++;
      }),
      { name: "task" },
    ),
  );
  expect(collected.span("task").events).toEqual([
    expect.objectContaining({
      name: "millrace.warning",
      attributes: {
        "millrace.lint": "lock-across-slow-await",
        "millrace.message": expect.stringContaining("held mutex") as string,
      },
    }),
  ]);
});

inBothStyles("an actor's span says that it is one, and its calls are not tasks", function* ({ body }) {
  const collected = new Collected();
  using _ = instrument(collected);
  yield* get(
    spawn(
      body(function* () {
        using counter = startActor(() => ({ count: 0, add: () => active() }), { name: "counter" });
        yield* get(counter.ask.add());
      }),
      { name: "user" },
    ),
  );
  yield* get(sleep(1));
  expect(collected.span("counter").attributes).toMatchObject({ "millrace.task.kind": "actor" });
  expect(collected.spans.map(({ name }) => name).toSorted()).toEqual(["counter", "user"]);
});

test("a recording that is under way is used, not replaced", () => {
  using recording = enable();
  void recording;
  const collected = new Collected();
  using _ = instrument(collected);
  using task = spawn(function* () {}, { name: "task" });
  task.abort();
  expect(collected.span("task").attributes).toMatchObject({
    "code.file.path": "packages/opentelemetry/test/spans.test.ts",
    "code.line.number": expect.any(Number) as number,
  });
});

test("what is no option is refused", () => {
  expect(() => instrument({ spanFor: 3 as never })).toThrow(
    "instrument expects spanFor to be a function, got number",
  );
  expect(() => instrument({ isRoot: null as never })).toThrow(
    "instrument expects isRoot to be a function, got null",
  );
});
