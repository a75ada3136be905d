/** Bad input is refused at the caller's line, in words that say what was expected and what was got. */
import {
  any,
  asyncFn,
  CancellationToken,
  DelayQueue,
  fromEvent,
  fromPromise,
  interval,
  join,
  joinAll,
  JoinSet,
  joinSettled,
  LocalExecutor,
  main,
  mpsc,
  Mutex,
  oneshot,
  pollFn,
  race,
  ready,
  Runtime,
  scope,
  select,
  Semaphore,
  shield,
  sleep,
  spawn,
  taskLocal,
  timeout,
  tryJoin,
  tryJoinAll,
  type Future,
} from "millrace";
import { startActor, supervise } from "millrace/actor";
import { enable, serveConsole } from "millrace/diagnostics";
import { Stream } from "millrace/stream";
import { explore, paused, step } from "millrace/testing";
import { expect, test } from "vitest";
import { Probe } from "../probe.ts";
import { expectMisuse } from "../sync/outcome.ts";

/** Bad input, as a program without types would give it. */
const bad = (value: unknown): never => value as never;

function* routine() {
  yield* sleep(1);
  return 1;
}

async function* items() {
  yield 1;
}

const misuses: Record<string, [() => unknown, typeof TypeError | typeof RangeError, RegExp]> = {
  "select of an array": [
    () => select(bad([ready(1)])),
    TypeError,
    /select expects an object of named branches.*, got an array$/u,
  ],
  "select of null": [
    () => select(bad(null)),
    TypeError,
    /select expects an object of named branches.*, got null$/u,
  ],
  "select of a future": [
    () => select(bad(ready(1))),
    TypeError,
    /select expects an object of named branches.*, got a future$/u,
  ],
  "select of a routine": [
    () => select({ a: routine() }),
    TypeError,
    /select was given a running routine.*asyncFn/u,
  ],
  "a scope with a number for its name": [
    () => scope(() => {}, { name: bad(5) }),
    TypeError,
    /scope expects name to be a string, got 5/u,
  ],
  "a key of another delay queue": [
    () => new DelayQueue().remove(new DelayQueue().insert(1, 1)),
    TypeError,
    /DelayQueue\.remove expects a key .*, got one of another queue/u,
  ],
  "a key that is none": [
    () => new DelayQueue().reset(bad(5), 1),
    TypeError,
    /DelayQueue\.reset expects a key .*, got 5/u,
  ],
  "joinAll of a number": [
    () => joinAll(bad(5)),
    TypeError,
    /joinAll expects an iterable of futures, got number/u,
  ],
  "joinAll of null": [() => joinAll(bad(null)), TypeError, /got null/u],
  "joinAll of nothing": [() => joinAll(bad(undefined)), TypeError, /got undefined/u],
  "joinAll of one future": [() => joinAll(bad(sleep(1))), TypeError, /joinAll .* got one future/u],
  "tryJoinAll of an object": [
    () => tryJoinAll(bad({})),
    TypeError,
    /tryJoinAll expects an iterable .* got object/u,
  ],
  "join of a routine": [() => join(routine()), TypeError, /join was given a running routine.*asyncFn/u],
  "tryJoin of a routine": [() => tryJoin(routine()), TypeError, /tryJoin was given a running routine/u],
  "joinSettled of a routine": [() => joinSettled(routine()), TypeError, /joinSettled was given a running/u],
  "race of a routine": [() => race(routine()), TypeError, /race was given a running routine/u],
  "any of a routine": [() => any(routine()), TypeError, /any was given a running routine/u],
  "timeout of a routine": [() => timeout(1, routine()), TypeError, /timeout was given a running routine/u],
  "spawn of a running routine": [
    () => spawn(bad(routine())),
    TypeError,
    /spawn expects .* a running routine; pass/u,
  ],
  "spawn of a promise": [() => spawn(bad(Promise.resolve())), TypeError, /spawn expects a function/u],
  "spawn of nothing": [() => spawn(bad(undefined)), TypeError, /spawn expects a function.*got undefined/u],
  "pollFn of a number": [() => pollFn(bad(1)), TypeError, /pollFn expects a function, got number/u],
  "pollFn with a bad drop": [
    () => pollFn(() => 1, bad(1)),
    TypeError,
    /pollFn expects drop to be a function, got number/u,
  ],
  "asyncFn of a future": [() => asyncFn(bad(ready(1))), TypeError, /asyncFn expects a function/u],
  "asyncFn of a running routine": [() => asyncFn(bad(routine())), TypeError, /asyncFn expects a function/u],
  "shield of a promise": [() => shield(bad(Promise.resolve())), TypeError, /shield expects a function/u],
  "map of no function": [
    () => ready(1).map(bad(undefined)),
    TypeError,
    /map expects a function, got undefined/u,
  ],
  "fromPromise of a value": [
    () => fromPromise(bad(1)),
    TypeError,
    /fromPromise expects a promise, or a function/u,
  ],
  "fromPromise of null": [() => fromPromise(bad(null)), TypeError, /fromPromise .* got null/u],
  "fromEvent of a value": [() => fromEvent(bad(1), "x"), TypeError, /fromEvent expects an EventTarget or/u],
  "fromEvent of null": [() => fromEvent(bad(null), "x"), TypeError, /fromEvent .* got null/u],
  "until nothing": [
    () => ready(1).until(bad(undefined)),
    TypeError,
    /until expects an AbortSignal or .* got undefined/u,
  ],
  "until a controller": [
    () => ready(1).until(bad(new AbortController())),
    TypeError,
    /until expects .* got an AbortController; what fires is its signal/u,
  ],
  "step of a promise": [() => step(bad(Promise.resolve())), TypeError, /step expects a future/u],
  "sleep of -1": [() => sleep(-1), RangeError, /sleep expects a duration of 0 ms or more.*got -1/u],
  "sleep of nothing": [() => sleep(bad(undefined)), RangeError, /sleep expects a duration.*got undefined/u],
  "timeout of NaN": [() => timeout(NaN, ready(1)), RangeError, /timeout expects a duration.*got NaN/u],
  "a method timeout of -1": [() => ready(1).timeout(-1), RangeError, /timeout expects a duration.*got -1/u],
  "timeout with its arguments swapped": [() => timeout(bad(sleep(5)), bad(5)), RangeError, /got a future$/u],
  "sleep of a promise": [() => sleep(bad(Promise.resolve(5))), RangeError, /got a promise$/u],
  "spawn of an async generator function": [
    () => spawn(bad(items)),
    TypeError,
    /spawn expects a function \(plain, async or generator\) or a future, got an async generator function.*Stream\.from/u,
  ],
  "asyncFn of an async generator function": [
    () => asyncFn(bad(items)),
    TypeError,
    /asyncFn expects .* got an async generator function/u,
  ],
  "shield of an async generator function": [
    () => shield(bad(items)),
    TypeError,
    /shield expects .* got an async generator function/u,
  ],
  "run of nothing": [
    () => new Runtime().run(bad(undefined)),
    TypeError,
    /Runtime\.run expects a function.*or a future, got undefined/u,
  ],
  "run of a promise": [
    () => new Runtime().run(bad(Promise.resolve())),
    TypeError,
    /Runtime\.run expects a function/u,
  ],
  "timeout of a function": [
    () => timeout(1, () => sleep(5)),
    TypeError,
    /timeout expects what can be awaited, got a function; call it, or wrap it with asyncFn/u,
  ],
  "select of a function": [
    () => select({ a: () => sleep(5) }),
    TypeError,
    /select expects what can be awaited, got a function/u,
  ],
  "race of functions": [() => race(() => sleep(5)), TypeError, /race expects .* got a function/u],
  "joinAll of functions": [() => joinAll([() => sleep(5)]), TypeError, /joinAll expects .* got a function/u],
  "select of a signal": [
    () => select({ stop: new AbortController().signal }),
    TypeError,
    /select expects .* got an AbortSignal; .*CancellationToken\.from/u,
  ],
  "select of a token": [
    () => select({ stop: new CancellationToken() }),
    TypeError,
    /select expects .* got a cancellation token; .*token\.cancelled\(\)/u,
  ],
  "race with a controller": [
    () => race(sleep(1), new AbortController()),
    TypeError,
    /race expects .* got an AbortController; what fires is its signal/u,
  ],
  "a token from a token": [
    () => CancellationToken.from(bad(new CancellationToken())),
    TypeError,
    /expects an AbortSignal/u,
  ],
};

for (const [name, [misuse, type, message]] of Object.entries(misuses)) {
  test(`${name} throws a ${type.name} at the caller's line`, () => {
    let error: Error | undefined;
    try {
      misuse();
    } catch (reason) {
      error = reason as Error;
    }
    expect(error).toBeInstanceOf(type);
    expect(error!.message).toMatch(message);
    // The first line outside the library itself.
    const lines = error!.stack!.split("\n").filter((line) => line.includes(" at "));
    expect(lines.find((line) => !/millrace\/(src|dist)\//u.test(line))).toContain("misuse.test.ts");
  });
}

const optional: Record<string, (options: never) => unknown> = {
  spawn: (options) => spawn(() => {}, options),
  scope: (options) => scope(() => {}, options),
  select: (options) => select({ a: 1 }, options),
  interval: (options) => interval(1, options),
  taskLocal: (options) => taskLocal(options),
  JoinSet: (options) => new JoinSet(options),
  Runtime: (options) => new Runtime(options),
  LocalExecutor: (options) => new LocalExecutor(options),
  startActor: (options) => startActor(() => ({}), options),
  supervise: (options) => supervise({}, options),
  "Stream.share": (options) => Stream.of(1).share(1, options),
  "Stream.toReadableStream": (options) => Stream.of(1).toReadableStream(options),
  serveConsole: (options) => serveConsole(options),
  enable: (options) => enable(options),
  "a mutex": (options) => new Mutex(1, options),
  "a semaphore": (options) => new Semaphore(1, options),
  "a channel": (options) => mpsc.channel(1, options),
  "a oneshot channel": (options) => oneshot.channel(options),
};
test("options that are no object are refused at the caller's line, by the name of what was given them", () => {
  for (const [caller, use] of Object.entries(optional)) {
    for (const options of [null, "jobs", 5]) {
      expectMisuse(TypeError, () => use(bad(options)));
      expect(() => use(bad(options))).toThrow(
        `${caller} expects options to be an object, got ${JSON.stringify(options)}`,
      );
    }
  }
});

test("options that are no object are refused where a promise tells", async () => {
  const rejected: [string, Promise<unknown>][] = [
    ["shutdown", new Runtime().shutdown(bad(null))],
    ["paused", paused(() => {}, bad(null))],
    ["explore", explore(() => {}, bad(null))],
    ["main", main(() => {}, bad(null))],
  ];
  for (const [caller, promise] of rejected)
    await expect(promise).rejects.toThrow(`${caller} expects options to be an object, got null`);
});

test("a combinator that refuses one argument abandons those it had taken", () => {
  const uses: ((probe: Future<void>) => unknown)[] = [
    (probe) => join(probe, routine()),
    (probe) => joinAll([probe, bad(routine())]),
    (probe) => race(probe, routine()),
    (probe) => select({ probe, bad: routine() }),
  ];
  for (const use of uses) {
    const probe = new Probe();
    expect(() => use(probe)).toThrow(TypeError);
    expect([probe.polls, probe.drops]).toEqual([0, 1]);
  }
});

test("a refused adapter leaves its future as it was", () => {
  const probe = new Probe<number>();
  expect(() => probe.timeout(-1)).toThrow(RangeError);
  expect(() => probe.map(bad(1))).toThrow(TypeError);
  expect(() => probe.until(bad(1))).toThrow(TypeError);
  expect(() => timeout(NaN, probe)).toThrow(RangeError);
  probe.resolve(1);
  expect(step(probe).poll()).toBe(1);
});
