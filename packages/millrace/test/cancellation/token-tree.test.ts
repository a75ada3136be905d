/** Trees of tokens: against a model, and in memory. */
import { CancellationToken, sleep } from "millrace";
import { paused, step, type Stepper } from "millrace/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomPrograms } from "../random-programs.ts";
import { turn } from "../turn.ts";

/** What a token ought to know: its parent, and the reason with which it or one above was cancelled first. */
interface Model {
  readonly parent: number | undefined;
  reason: string | undefined;
}
interface Wait {
  readonly token: number;
  readonly stepper: Stepper<void>;
  isDropped: boolean;
}

const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant("child" as const), of: fc.nat(40) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("wait" as const), on: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("drop" as const), wait: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("cancel" as const), token: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("signal" as const), of: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("source" as const) }) },
);

test("trees of tokens agree with a model under random programs", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), fc.boolean(), (program, hasSource) => {
      const controller = new AbortController();
      const tokens = [hasSource ? CancellationToken.from(controller.signal) : new CancellationToken()];
      const models: Model[] = [{ parent: undefined, reason: undefined }];
      const signals: (AbortSignal | undefined)[] = [];
      const waits: Wait[] = [];
      const isBelow = (token: number, top: number): boolean => {
        for (let at: number | undefined = token; at !== undefined; at = models[at]!.parent)
          if (at === top) return true;
        return false;
      };
      const cancelled = (top: number, reason: string): void => {
        models.forEach((model, token) => {
          if (isBelow(token, top)) model.reason ??= reason;
        });
      };
      program.forEach((each, i) => {
        switch (each.op) {
          case "child": {
            const of = each.of % tokens.length;
            tokens.push(tokens[of]!.childToken());
            models.push({ parent: of, reason: models[of]!.reason });
            break;
          }
          case "wait": {
            const token = each.on % tokens.length;
            const stepper = step(tokens[token]!.cancelled());
            const value = stepper.poll();
            if (models[token]!.reason !== undefined) expect(value).toBeUndefined();
            else waits.push({ token, stepper, isDropped: false });
            break;
          }
          case "drop": {
            const wait = waits[each.wait];
            if (wait === undefined) break;
            wait.stepper.drop();
            wait.isDropped ||= models[wait.token]!.reason === undefined;
            break;
          }
          case "cancel": {
            const token = each.token % tokens.length;
            cancelled(token, `${i}`);
            tokens[token]!.cancel(`${i}`);
            break;
          }
          case "signal": {
            const of = each.of % tokens.length;
            signals[of] = tokens[of]!.signal;
            break;
          }
          case "source":
            if (!hasSource || controller.signal.aborted) break;
            cancelled(0, `${i}`);
            controller.abort(`${i}`);
            break;
        }
        tokens.forEach((token, at) => {
          expect(token.isCancelled).toBe(models[at]!.reason !== undefined);
          expect(token.reason).toBe(models[at]!.reason);
        });
        signals.forEach((signal, at) => {
          expect(signal?.aborted).toBe(models[at]!.reason !== undefined);
          if (signal?.aborted === true) expect(signal.reason).toBe(models[at]!.reason);
        });
        for (const { token, stepper, isDropped } of waits)
          expect(stepper.wakeCount).toBe(!isDropped && models[token]!.reason !== undefined ? 1 : 0);
      });
    }),
    randomPrograms(),
  );
});

test("a parent of 100 000 children that came and went holds none of them", async () => {
  const gc = (globalThis as { gc?: () => void }).gc!;
  const parent = new CancellationToken();
  const first: WeakRef<CancellationToken>[] = [];
  await paused(async () => {
    for (let i = 0; i < 100_000; i++) {
      const child = parent.childToken();
      if (i < 10) first.push(new WeakRef(child));
      // A request: something under the child's token that ends, or is given up.
      const wait = step(child.cancelled());
      wait.poll();
      step(child.runUntilCancelled(sleep(0))).poll();
      wait.drop();
      if (i % 3 === 0) child.cancel();
    }
  });
  await turn();
  gc();
  expect(first.filter((ref) => ref.deref() !== undefined)).toEqual([]);
  expect(parent.isCancelled).toBe(false);
});

test("a child that is waited on is kept by its parent, though nobody else has it", async () => {
  const gc = (globalThis as { gc?: () => void }).gc!;
  const parent = new CancellationToken();
  const wait = step(parent.childToken().childToken().cancelled());
  wait.poll();
  const aborted: unknown[] = [];
  parent.childToken().signal.addEventListener("abort", () => aborted.push("signal"));
  await turn();
  gc();
  parent.cancel();
  expect(wait.isWoken).toBe(true);
  expect(aborted).toEqual(["signal"]);
});
