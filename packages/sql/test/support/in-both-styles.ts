/** One test in both styles, on a runtime of the system's time: databases have no other. */
import { Runtime } from "millrace";
import { expect, test } from "vitest";
import { get, styles, type Steps, type Style } from "../../../millrace/test/both-styles.ts";

export { get };
export type { Steps, Style };

/** For a machine that is busy; nothing waits for so long that works. */
const limit = 60_000;

export function inBothStyles(name: string, steps: (style: Style) => Steps<unknown>): void {
  for (const style of styles) {
    test(`${name} [${style.name}]`, { timeout: limit }, async () => {
      const unobserved: unknown[] = [];
      const runtime = new Runtime({ onTaskFailure: ({ error }) => unobserved.push(error) });
      await runtime.run(style.body(() => steps(style)));
      const { leaked } = await runtime.shutdown();
      expect(leaked).toEqual([]);
      expect(unobserved).toEqual([]);
    });
  }
}

/** Awaits what should fail; gives the failure. */
export function* failure(future: Parameters<typeof get>[0]): Steps<unknown> {
  const outcome = yield* get(future.settled());
  if (outcome.status === "fulfilled") throw new Error("expected a failure, got a result");
  return outcome.reason;
}
