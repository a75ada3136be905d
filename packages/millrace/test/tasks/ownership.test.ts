/** Sets, maps and scopes with signals, and across runtimes. */
import { JoinMap, JoinSet, pending, Runtime, scope, sleep } from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
test("a signal that has already fired: the task's turn in a set, a map and a scope is a cancelled one", () =>
  paused(async () => {
    const signal = AbortSignal.abort("early");
    for (const order of ["completion", "spawn"] as const) {
      const set = new JoinSet<number>({ order, limit: 1 });
      set.spawn(sleep(1).map(() => 1));
      set.spawn(pending<number>(), { signal });
      set.spawn(sleep(1).map(() => 3));
      expect(set.size).toBe(3);
      const seen = [];
      for await (const o of set) seen.push(o.status === "fulfilled" ? o.value : o.reason);
      expect(seen).toEqual(order === "spawn" ? [1, "early", 3] : ["early", 1, 3]);
    }
    const map = new JoinMap<string, number>();
    map.spawn("a", pending<number>(), { signal });
    expect(await map.joinNext()).toEqual({ status: "cancelled", reason: "early", key: "a" });
    expect(
      await scope(async (s) => {
        const c = s.spawn(pending(), { signal });
        expect(c.isFinished).toBe(true);
        return "fine";
      }),
    ).toBe("fine");
  }));
test("a signal that fires aborts a held task", () =>
  paused(async () => {
    const c = new AbortController();
    const set = new JoinSet<number>({ limit: 1 });
    set.spawn(sleep(10).map(() => 1));
    const held = set.spawn(pending<number>(), { signal: c.signal });
    await sleep(1);
    c.abort("held");
    expect(held.isFinished).toBe(true);
    expect(await set.joinNext()).toMatchObject({ status: "cancelled", reason: "held" });
    expect(await set.joinNext()).toMatchObject({ value: 1 });
  }));
test("a set on a runtime that was shut down gives cancelled outcomes", async () => {
  const runtime = new Runtime({ clock: "paused" });
  const set = new JoinSet<number>();
  await runtime.run(async () => {
    set.spawn(pending<number>());
    await sleep(1);
  });
  await runtime.shutdown();
  expect(set.tryJoinNext()).toMatchObject({ status: "cancelled" });
});
test("runs of one runtime may be nested", async () => {
  await using runtime = new Runtime({ clock: "paused" });
  expect(
    await runtime.run(async () => {
      await sleep(5);
      return (
        (await runtime.run(async () => {
          await sleep(5);
          return "inner";
        })) + " done"
      );
    }),
  ).toBe("inner done");
});
test("a scope and a set are usable from generator tasks of another runtime", async () => {
  await using a = new Runtime({ clock: "paused" });
  const set = new JoinSet<string>();
  await a.run(function* () {
    set.spawn(function* () {
      yield* sleep(5);
      return Runtime.current() === a ? "a" : "other";
    });
  });
  await paused(async () => {
    expect(await set.joinNext()).toMatchObject({ value: "a" });
  });
});
