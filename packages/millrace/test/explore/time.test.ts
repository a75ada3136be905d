/** Timers under every order of those that are due at once, and with any task cancelled. */
import { DelayQueue, interval, now, sleep, spawn, timeout } from "millrace";
import { get } from "../both-styles.ts";
import { check, explored, finish } from "./explored.ts";

explored("a delay queue gives each entry once, not before its time", function* ({ body }) {
  const queue = new DelayQueue<number>();
  queue.insert(1, 1);
  queue.insert(2, 1);
  const moved = queue.insert(3, 5);
  const taken: number[] = [];
  const take = body(function* () {
    const value = yield* get(queue.next());
    if (value === undefined) return;
    taken.push(value);
    check(now() >= (value === 3 ? 2 : 1), `${value} at ${now()} ms`);
  });
  const move = body(function* () {
    yield* get(sleep(1));
    queue.reset(moved, 1);
  });
  const takers = ["a", "b"].map((name) => spawn(take, { name }));
  yield* finish([...takers, spawn(move, { name: "mover" })]);
  queue.clear();
  check(new Set(taken).size === taken.length, `${taken.join()} were taken`);
});

explored("an interval's ticks come at their times, each to one", function* ({ body }) {
  const ticks = interval(2);
  const seen: number[] = [];
  const wait = body(function* () {
    for (let i = 0; i < 2; i++) {
      const tick = yield* get(ticks.tick());
      check(tick <= now(), `${tick} at ${now()} ms`);
      seen.push(tick);
    }
  });
  yield* finish([spawn(wait, { name: "a" }), spawn(wait, { name: "b" })]);
  check(new Set(seen).size === seen.length, seen.join());
});

explored("a time limit and what it limits, at the same moment", function* ({ body }) {
  const work = body(function* () {
    const { status } = yield* get(timeout(2, sleep(2)).settled());
    check(now() === 2, `${status} at ${now()} ms`);
  });
  yield* finish([spawn(work, { name: "a" }), spawn(work, { name: "b" })]);
});
