import { now, Runtime } from "millrace";
import { paused } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { parseRetryAfter } from "../src/client/retry.ts";
import { HttpClient, NetworkError, type RetryOptions } from "../src/index.ts";

/** Answers with each of these in turn, and then with 200; says when it was asked. */
function failing(answers: readonly (number | Error | Response)[]) {
  const times: number[] = [];
  const fetch = (async () => {
    times.push(now());
    const answer = answers[times.length - 1] ?? 200;
    if (answer instanceof Error) throw answer;
    return answer instanceof Response ? answer : new Response("ok", { status: answer });
  }) as typeof globalThis.fetch;
  return { times, fetch };
}

const refused = new TypeError("fetch failed", {
  cause: Object.assign(new Error(), { code: "ECONNREFUSED" }),
});
const badCertificate = new TypeError("fetch failed", {
  cause: Object.assign(new Error(), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
});

describe("what is tried again", () => {
  test.each<[string, string, readonly (number | Error)[], RetryOptions | false | undefined, number]>([
    ["a 503", "GET", [503], undefined, 2],
    ["a refused connection", "PUT", [refused, refused], undefined, 3],
    ["no more often than the limit", "GET", [503, 503, 503, 503], undefined, 3],
    ["not a POST", "POST", [503], undefined, 1],
    ["a POST that was allowed", "POST", [503], { methods: ["post"] }, 2],
    ["not a 404", "GET", [404], undefined, 1],
    ["a 404 that was listed", "GET", [404], { statuses: [404] }, 2],
    ["not a wrong certificate", "GET", [badCertificate], undefined, 1],
    ["nothing when turned off", "GET", [503], false, 1],
    ["not what `when` refuses", "GET", [503], { when: () => false }, 1],
  ])("%s", (_, method, answers, retry, attempts) =>
    paused(async () => {
      const { times, fetch } = failing(answers);
      const client = new HttpClient({ fetch, ...(retry !== undefined && { retry }) });
      await client.request(method, "http://h/").text().settled();
      expect(times).toHaveLength(attempts);
    }),
  );

  test("a body that is a stream is sent once; a function gives it anew", () =>
    paused(async () => {
      const body = async function* () {
        yield new Uint8Array(1);
      };
      const once = failing([503]);
      await new HttpClient({ fetch: once.fetch }).put("http://h/", { body: body() }).text().settled();
      expect(once.times).toHaveLength(1);
      const again = failing([503]);
      await new HttpClient({ fetch: again.fetch }).put("http://h/", { body }).text();
      expect(again.times).toHaveLength(2);
    }));

  test("a body that breaks off is fetched again, when it is read as a whole", () =>
    paused(async () => {
      const broken = (): Response =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(new TextEncoder().encode("half"));
            },
            pull: (controller) => controller.error(new TypeError("terminated")),
          }),
        );
      const whole = failing([broken()]);
      expect(await new HttpClient({ fetch: whole.fetch }).get("http://h/").text()).toBe("ok");
      // A stream has given away what it had.
      const streaming = failing([broken()]);
      const chunks = new HttpClient({ fetch: streaming.fetch }).get("http://h/").stream();
      await expect(chunks.collect()).rejects.toBeInstanceOf(NetworkError);
      expect(streaming.times).toHaveLength(1);
    }));
});

describe("when", () => {
  const waits = async (options: RetryOptions, answers: readonly (number | Response)[], seed = 1) => {
    const { times, fetch } = failing(answers);
    const told: number[] = [];
    await paused(
      async () => {
        const retry = { ...options, onRetry: (_: unknown, wait: number) => told.push(wait) };
        await new HttpClient({ fetch, retry }).get("http://h/").text().settled();
      },
      { seed },
    );
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    // The clock has a grain of one millisecond.
    expect(gaps).toEqual(told.map(Math.ceil));
    return told;
  };

  test("the ceiling doubles up to maxDelay, the wait is anywhere below, and the seed decides", async () => {
    const options = { limit: 8, baseDelay: 100, maxDelay: 1000 };
    const answers = Array<number>(9).fill(503);
    const ceilings = [100, 200, 400, 800, 1000, 1000, 1000, 1000];
    const sums = ceilings.map(() => 0);
    for (let seed = 0; seed < 50; seed++) {
      const told = await waits(options, answers, seed);
      expect(told).toHaveLength(8);
      for (const [i, wait] of told.entries()) {
        expect(wait).toBeLessThanOrEqual(ceilings[i]!);
        sums[i]! += wait / ceilings[i]!;
      }
    }
    // Uniform below the ceiling: one half on average, within four standard errors (0.29 / sqrt 50 each).
    for (const sum of sums) expect(Math.abs(sum / 50 - 0.5)).toBeLessThan(0.165);
    expect(await waits(options, answers, 7)).toEqual(await waits(options, answers, 7));
    expect(await waits(options, answers, 7)).not.toEqual(await waits(options, answers, 8));
  });

  test("Retry-After is respected, and too long a one ends the retries", async () => {
    const asking = (seconds: string) =>
      new Response("", { status: 429, headers: { "retry-after": seconds } });
    expect((await waits({ baseDelay: 10 }, [asking("3")]))[0]).toBe(3000);
    expect(await waits({ baseDelay: 10 }, [asking("61")])).toEqual([]);
    expect((await waits({ baseDelay: 10, maxRetryAfter: 61_000 }, [asking("61")]))[0]).toBe(61_000);
  });

  test("Retry-After is seconds or a date", () => {
    expect(parseRetryAfter(" 2 ")).toBe(2000);
    expect(parseRetryAfter(null)).toBeUndefined();
    expect(parseRetryAfter("soon")).toBeUndefined();
    expect(parseRetryAfter(new Date(0).toUTCString())).toBe(0);
    expect(parseRetryAfter(new Date(Date.now() + 10_000).toUTCString())).toBeGreaterThan(8000);
  });

  test("the total time bounds the waits, too", () =>
    paused(async () => {
      const { times, fetch } = failing(Array<number>(100).fill(503));
      const retry = { limit: 99, baseDelay: 1000, maxDelay: 1000 };
      const outcome = await new HttpClient({ fetch, retry, totalTimeout: 5000 }).get("http://h/").settled();
      expect(outcome).toMatchObject({ reason: { limit: "total", code: "ERR_TIMEOUT" } });
      expect(now()).toBe(5000);
      expect(times.length).toBeGreaterThan(3);
    }));
});

test("a bad policy throws at once", () => {
  expect(() => new HttpClient({ retry: { limit: -1 } })).toThrow(
    "retry.limit to be an integer of at least 0, got -1",
  );
  expect(() => new HttpClient({ retry: { baseDelay: NaN } })).toThrow("retry.baseDelay to be a duration");
});

test("two runtimes with one seed wait alike", async () => {
  const told = async () => {
    const waits: number[] = [];
    const { fetch } = failing([503]);
    await new Runtime({ seed: 3, clock: "paused" }).run(() =>
      new HttpClient({ fetch, retry: { onRetry: (_, wait) => waits.push(wait) } }).get("http://h/").text(),
    );
    return waits;
  };
  expect(await told()).toEqual(await told());
});
