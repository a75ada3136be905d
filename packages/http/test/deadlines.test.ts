import { now, scope, sleep, yieldNow, type Routine } from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { Deadlines, type Expiring } from "../src/server/deadlines.ts";

/** Deadlines that are watched while `body` runs. */
function watched(body: (deadlines: Watched) => Promise<void>): Promise<void> {
  return paused(async () => {
    const deadlines = new Watched();
    await scope(async (tasks) => {
      const watching = tasks.spawn(() => deadlines.run());
      await yieldNow();
      await body(deadlines);
      watching.abort();
    });
  });
}

class Watched extends Deadlines {
  readonly expired: string[] = [];
  /** How often the sleeper went on. */
  looks: number = 0;
  override *run(): Routine<never> {
    const routine = super.run();
    try {
      for (;;) {
        this.looks++;
        yield routine.next().value;
      }
    } finally {
      routine.return(undefined as never);
    }
  }
  set(name: string, ms: number, then: () => void = () => {}) {
    const item: Expiring = {
      expire: () => {
        this.expired.push(`${name} at ${now()}`);
        then();
      },
    };
    return this.add(item, ms);
  }
}

test("each expires at its time, whatever lanes they are in", () =>
  watched(async (deadlines) => {
    deadlines.set("long", 100);
    deadlines.set("short", 10);
    await sleep(5);
    deadlines.set("second", 10);
    deadlines.remove(deadlines.set("removed", 10));
    await sleep(200);
    expect(deadlines.expired).toEqual(["short at 10", "second at 15", "long at 100"]);
  }));

test("one that is set while others expire is not forgotten, in whatever lane", () =>
  watched(async (deadlines) => {
    // The lane of 50 ms comes first, and holds one that is still to come.
    deadlines.set("late", 50);
    deadlines.set("first", 30, () => void deadlines.set("next", 10));
    deadlines.set("of the lane of ten", 10);
    await sleep(200);
    expect(deadlines.expired).toEqual([
      "of the lane of ten at 10",
      "first at 30",
      "next at 40",
      "late at 50",
    ]);
  }));

test("requests that are answered before their deadline is looked at do not wake the sleeper", () =>
  watched(async (deadlines) => {
    for (let request = 0; request < 100; request++) {
      deadlines.remove(deadlines.set("request", 1000));
      await yieldNow();
    }
    expect(deadlines.looks).toBeLessThan(5);
  }));
