/** `yield` in place of `yield*`. */
import { asyncFn, type Routine, sleep, spawn } from "millrace";
import { enable, snapshot } from "millrace/diagnostics";
import { paused } from "millrace/testing";
import { describe, expect, test } from "vitest";

/** As a program without types would write it. */
function* bare(value: unknown): Routine<string> {
  return String(yield value as never);
}
const refused = (body: () => Routine<unknown>): Promise<unknown> =>
  paused(async () => {
    return await spawn(body, { name: "worker" }).then(
      () => undefined,
      (error: unknown) => error,
    );
  });

describe("a plain yield", () => {
  test.each([
    ["a future", () => sleep(10), /got yield of a future \(a sleep until 10 ms\)/],
    ["a promise", () => Promise.resolve(1), /got yield of a promise: it is yield\* fromPromise\(promise\)/],
    ["anything else", () => 5, /got yield of number/],
    ["nothing", () => undefined, /got yield of undefined/],
  ])("of %s throws there, and says that a star is missing", async (_, make, words) => {
    const error = await refused(() => bare(make()));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toMatch(/^task #\d+ 'worker' expects yield\* \(with the star\), /);
    expect((error as TypeError).message).toMatch(words);
    expect((error as TypeError).message).toMatch(/; with diagnostics on, this names the line$/);
  });

  test("can be caught, again and again, and the routine goes on", async () => {
    const seen = await paused(async () => {
      return await spawn(function* () {
        let caught = 0;
        for (let i = 0; i < 3; i++) {
          try {
            yield* bare(sleep(1));
          } catch {
            caught++;
          }
          yield* sleep(1);
        }
        return caught;
      });
    });
    expect(seen).toBe(3);
  });

  test("in a call is the call's failure", async () => {
    const call = asyncFn(() => bare(sleep(1)));
    const error = await refused(function* () {
      yield* call();
    });
    expect(String(error)).toMatch(/expects yield\*/);
  });

  test("in a cleanup is told in the cleanup", async () => {
    const errors: unknown[] = [];
    await paused(async () => {
      const task = spawn(function* () {
        try {
          yield* sleep(1000);
        } finally {
          try {
            yield* bare(sleep(1));
          } catch (error) {
            errors.push(error);
          }
          yield* sleep(1);
        }
      });
      await sleep(1);
      task.abort();
      await task.settled();
    });
    expect(errors.map(String)).toEqual([expect.stringMatching(/expects yield\*/)]);
  });

  test("names the line while somebody records, and is told once", async () => {
    using _ = enable();
    const error = await refused(() => bare(sleep(10)));
    expect(String(error)).toMatch(/ at \S*bare-yield\.test\.ts:\d+:\d+$/);
    expect(snapshot().warnings.filter(({ lint }) => lint === "never-awaited")).toEqual([]);
  });
});
