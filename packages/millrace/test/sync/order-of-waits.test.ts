/** Who waits longer for what anybody could take gets the earlier one, whoever of them is polled first. */
import { broadcast, DelayQueue, type Future, interval, joinAll, select, sleep, spawn } from "millrace";
import { step } from "millrace/testing";
import { describe, expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

interface Given {
  wait(): Future<unknown>;
  /** The first of them, in order. */
  readonly all: readonly unknown[];
}
const sources: Record<string, () => Given> = {
  "messages of a broadcast receiver that come together": () => {
    const [tx, rx] = broadcast.channel<number>(8);
    spawn(
      sleep(5).map(() => {
        for (const n of [1, 2, 3, 4]) tx.send(n);
      }),
    ).detach();
    return { wait: () => rx.recv(), all: [1, 2, 3, 4] };
  },
  "messages of a broadcast receiver that come one by one": () => {
    const [tx, rx] = broadcast.channel<number>(8);
    for (const n of [1, 2, 3, 4]) spawn(sleep(n).map(() => void tx.send(n))).detach();
    return { wait: () => rx.recv(), all: [1, 2, 3, 4] };
  },
  "ticks of an interval": () => {
    const ticks = interval(10, { start: 10 });
    return { wait: () => ticks.tick(), all: [10, 20, 30, 40] };
  },
  "values of a delay queue": () => {
    const queue = new DelayQueue<string>();
    for (const [i, value] of ["a", "b", "c", "d"].entries()) queue.insert(value, i + 1);
    return { wait: () => queue.next(), all: ["a", "b", "c", "d"] };
  },
  "values of a delay queue that are due together": () => {
    const queue = new DelayQueue<string>();
    for (const value of ["a", "b", "c", "d"]) queue.insert(value, 5);
    return { wait: () => queue.next(), all: ["a", "b", "c", "d"] };
  },
};

for (const [name, make] of Object.entries(sources)) {
  describe(name, () => {
    inBothStyles("come to the waits of one joinAll in their order", function* () {
      const { wait, all } = make();
      expect(yield* get(joinAll([wait(), wait(), wait(), wait()]))).toEqual(all);
    });

    inBothStyles("come to those that are left, in their order, when one gives up", function* () {
      const { wait, all } = make();
      const [first, second, third, fourth] = [wait(), wait(), wait(), wait()];
      const rest = spawn(joinAll([first.ref(), third, fourth]));
      yield* get(select({ second, now: sleep(0) }));
      // `first` has lost nothing: it has not been woken yet.
      expect(yield* get(rest)).toEqual(all.slice(0, 3));
    });

    inBothStyles("are not held up by a wait that nobody polls any more", function* () {
      const { wait, all } = make();
      const forgotten = step(wait());
      forgotten.poll();
      expect(yield* get(joinAll([wait(), wait()]))).toEqual(all.slice(0, 2));
    });
  });
}
