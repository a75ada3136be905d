/**
 * Abandoning leaves no trace: every waiting operation is dropped before it was polled, while it waits,
 * and after it was woken but before it ran; by hand, and by cancelling a task in both styles.
 */
import { PENDING, spawn, yieldNow } from "millrace";
import { step } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";
import { type Scene, scenes } from "./scenes.ts";

/** What `rest` shows after one operation was served and nobody had it. */
function served(scene: Scene): unknown {
  scene.serve();
  return scene.rest();
}

describe.each(Object.entries(scenes))("%s", (_, make) => {
  test("dropped before it was polled, it has done nothing and is woken for nothing", () => {
    const scene = make();
    const before = scene.rest();
    const dropped = step(scene.start());
    dropped.drop();
    if (scene.isUnique === true) return;
    expect(scene.rest()).toEqual(before);
    scene.serve();
    expect(dropped.wakeCount).toBe(0);
  });

  test("dropped while it waits, it is not woken, and what comes is left for the next", () => {
    const scene = make();
    const before = scene.rest();
    const dropped = step(scene.start());
    expect(dropped.poll()).toBe(PENDING);
    dropped.drop();
    if (scene.isUnique === true) return;
    expect(scene.rest()).toEqual(before);
    expect(served(scene)).toEqual(served(make()));
    expect(dropped.wakeCount).toBe(0);
  });

  test("dropped after it was woken, what it was given is there again", () => {
    const scene = make();
    const dropped = step(scene.start());
    dropped.poll();
    scene.serve();
    expect(dropped.wakeCount).toBe(1);
    dropped.drop();
    if (scene.isUnique !== true) expect(scene.rest()).toEqual(served(make()));
  });

  test("dropped after it was woken, the next one who waits is woken in its stead, and completes", () => {
    const scene = make();
    if (scene.isUnique === true) return;
    const [first, second, third] = [step(scene.start()), step(scene.start()), step(scene.start())];
    for (const stepper of [first, second, third]) expect(stepper.poll()).toBe(PENDING);
    scene.serve();
    const all = [first, second, third];
    const woken = all.filter(({ isWoken }) => isWoken);
    expect(woken).toHaveLength(scene.servesAll !== undefined ? 3 : 1);
    woken[0]!.drop();
    const heirs = all.filter((stepper) => stepper.isWoken && stepper !== woken[0]);
    expect(heirs).toHaveLength(scene.servesAll !== undefined ? 2 : 1);
    expect(heirs[0]!.poll()).not.toBe(PENDING);
    expect(all.map(({ wakeCount }) => wakeCount).filter((count) => count > 1)).toEqual([]);
    for (const stepper of all) stepper.drop();
  });

  test("dropped from the middle of the queue, those around it are served in order", () => {
    const scene = make();
    if (scene.isUnique === true || scene.servesAll !== undefined) return;
    const all = [1, 2, 3, 4].map(() => step(scene.start()));
    for (const stepper of all) stepper.poll();
    all[1]!.drop();
    all[2]!.drop();
    scene.serve();
    expect(all.map(({ isWoken }) => isWoken).filter(Boolean)).toHaveLength(1);
    expect([all[1]!.wakeCount, all[2]!.wakeCount]).toEqual([0, 0]);
    for (const stepper of all) stepper.drop();
  });

  for (const moment of ["before it waits", "while it waits", "after it was woken"]) {
    inBothStyles(`a task cancelled ${moment} leaves no trace`, function* ({ body }) {
      const scene = make();
      const before = scene.rest();
      let isOver = false;
      const task = spawn(
        body(function* () {
          yield* get(scene.start());
          isOver = true;
        }),
      );
      if (moment !== "before it waits") yield* get(yieldNow());
      if (moment === "after it was woken") scene.serve();
      task.abort();
      expect((yield* get(task.settled())).status).toBe("cancelled");
      expect(isOver).toBe(false);
      if (scene.isUnique === true) return;
      expect(scene.rest()).toEqual(moment === "after it was woken" ? served(make()) : before);
    });
  }
});
