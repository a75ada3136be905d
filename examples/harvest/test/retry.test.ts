import { CancelledError, CancellationToken, now, sleep, spawn, type Routine } from "millrace";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { DocumentFailure, type FailureDetails } from "../src/failure.ts";
import { backoff, retry, type RetryPolicy } from "../src/retry.ts";

function policy(change: Partial<RetryPolicy> = {}): RetryPolicy {
  const stop = new CancellationToken();
  return { retries: 5, baseDelay: 100, maxDelay: 10_000, random: () => 0.5, stop, ...change };
}

/** Fails so many times, and says when it was tried. */
function flaky(failures: number, details: FailureDetails = { isTransient: true }) {
  const triedAt: number[] = [];
  function* attempt(): Routine<string> {
    triedAt.push(now());
    if (triedAt.length <= failures) throw new DocumentFailure("status", "http://a/", "HTTP 503", details);
    return "here";
  }
  return { attempt, triedAt };
}

test("the waits double, jittered, until an attempt succeeds", () =>
  paused(function* () {
    const { attempt, triedAt } = flaky(3);
    expect(yield* retry(policy(), attempt)).toBe("here");
    expect(triedAt.map((at) => at - (triedAt[0] ?? 0))).toEqual([0, 50, 150, 350]);
  }));

test("Retry-After is waited for when it is longer than the back-off", () =>
  paused(function* () {
    const { attempt, triedAt } = flaky(1, { isTransient: true, retryAfter: 3000 });
    yield* retry(policy(), attempt);
    expect((triedAt[1] ?? 0) - (triedAt[0] ?? 0)).toBe(3000);
  }));

test("when the retries are used up the last failure is thrown", () =>
  paused(function* () {
    const { attempt, triedAt } = flaky(9);
    const retries: string[] = [];
    const onRetry = ({ message }: Error) => retries.push(message);
    const outcome = yield* spawn(() => retry(policy({ retries: 2, onRetry }), attempt)).settled();
    expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(DocumentFailure) });
    expect(triedAt).toHaveLength(3);
    expect(retries).toHaveLength(2);
  }));

test("a failure that another attempt cannot mend is thrown at once", () =>
  paused(function* () {
    const { attempt, triedAt } = flaky(1, { isTransient: false });
    expect(yield* spawn(() => retry(policy(), attempt)).settled()).toMatchObject({ status: "rejected" });
    expect(triedAt).toHaveLength(1);
  }));

test("a stop request ends the wait for the next attempt", () =>
  paused(function* () {
    const stop = new CancellationToken();
    const { attempt, triedAt } = flaky(1, { isTransient: true, retryAfter: 5000 });
    const startedAt = now();
    const retrying = spawn(function* () {
      try {
        return yield* retry(policy({ stop }), attempt);
      } catch (error) {
        return error;
      }
    });
    yield* sleep(1000);
    stop.cancel();
    expect(yield* retrying).toBeInstanceOf(CancelledError);
    expect(now() - startedAt).toBe(1000);
    expect(triedAt).toHaveLength(1);
  }));

test("the back-off is spread over the whole range and capped", () => {
  expect(backoff(policy({ random: () => 0 }), 4)).toBe(0);
  expect(backoff(policy({ random: () => 0.999 }), 4)).toBeCloseTo(1598.4);
  expect(backoff(policy({ random: () => 0.999 }), 60)).toBe(10_000);
  expect(backoff(policy(), 0, 3_600_000)).toBe(10_000);
});
