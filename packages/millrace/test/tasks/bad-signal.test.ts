/** A bad `signal` is refused before anything is made. */
import { Runtime, sleep, spawn } from "millrace";
import { expect, test } from "vitest";

test.each([
  ["a number", 5],
  ["null", null],
  ["an object", {}],
])(
  "spawn with %s for a signal throws at the call, leaves no task, and the future unused",
  async (_what, signal) => {
    await using runtime = new Runtime();
    await runtime.run(async () => {
      const future = sleep(0);
      expect(() => spawn(future, { signal: signal as never })).toThrow(
        /spawn expects signal to be an AbortSignal or a CancellationToken, got/,
      );
      expect(runtime.metrics().aliveTasks).toBe(1);
      await future;
    });
  },
);
