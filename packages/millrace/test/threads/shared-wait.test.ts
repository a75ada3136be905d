/** How long waits in shared memory look before they sleep. */
import { spawn, timeout } from "millrace";
import { describe, expect, test } from "vitest";
import { PENDING, type Poll } from "../../src/runtime/body.ts";
import { SharedSignal, SharedWait } from "../../src/threads/shared-wait.ts";
import { get, styles } from "../both-styles.ts";

class Never extends SharedWait<void> {
  protected attempt(): Poll<void> {
    return PENDING;
  }
}

describe.each(styles)("in $name style", ({ body }) => {
  test("waits that are given up after they have slept are long ones", () =>
    spawn(
      body(function* () {
        const signal = new SharedSignal(new Int32Array(new SharedArrayBuffer(8)), 0);
        expect(signal.spinMs).toBeGreaterThan(0);
        for (let i = 0; i < 50 && signal.spinMs > 0; i++) {
          try {
            yield* get(timeout(1, new Never(signal)));
          } catch {
            // Its limit.
          }
        }
        expect(signal.spinMs).toBe(0);
      }),
    ));
});
