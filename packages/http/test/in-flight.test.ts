import { asyncFn, joinAll, PENDING, sleep, type Routine } from "millrace";
import { paused, step } from "millrace/testing";
import { expect, test, vi } from "vitest";
import { InFlight, type Place } from "../src/client/in-flight.ts";
import { HttpClient } from "../src/index.ts";
import { until } from "./support/origin.ts";
import { inStyles, run } from "./support/styles.ts";

const entering = asyncFn((places: InFlight, host: string): Routine<Place> => places.enter(host, false));

test("no more requests are in flight than allowed, in total and to each host", () =>
  paused(async () => {
    const counts = new Map<string, number>([["all", 0]]);
    const peaks = new Map<string, number>();
    const change = (key: string, by: number) => {
      counts.set(key, (counts.get(key) ?? 0) + by);
      peaks.set(key, Math.max(peaks.get(key) ?? 0, counts.get(key)!));
    };
    const fetch = (async (url: string) => {
      const { host } = new URL(url);
      change("all", 1);
      change(host, 1);
      await sleep(10);
      change("all", -1);
      change(host, -1);
      return new Response("x");
    }) as typeof globalThis.fetch;
    const client = new HttpClient({ maxInFlight: 5, maxPerHost: 2, fetch });
    const calls = Array.from({ length: 60 }, (_, n) => client.get(`http://h${n % 4}/`).text());
    expect(await joinAll(calls)).toHaveLength(60);
    expect(Object.fromEntries(peaks)).toEqual({ all: 5, h0: 2, h1: 2, h2: 2, h3: 2 });
  }));

inStyles("a host that is full holds back nobody else, and is forgotten when nobody uses it", {
  async await() {
    const places = new InFlight({ total: 10, perHost: 1 });
    const first = await entering(places, "a");
    const second = entering(places, "a");
    const waiting = second.then((place) => place.release());
    (await entering(places, "b")).release();
    expect(places.hosts).toBe(1);
    first.release();
    await waiting;
    expect(places.hosts).toBe(0);
  },
  *yield() {
    const places = new InFlight({ total: 1, perHost: Infinity });
    const first = yield* places.enter("a", false);
    first.release();
    first.release(); // once
    yield* places.enter("b", true);
    expect(places.hosts).toBe(0);
  },
});

test("abandoned before it is polled, while it waits, and once it was woken, it leaves no trace", () => {
  const places = new InFlight({ total: 1, perHost: 1 });
  const held = step(entering(places, "a"));
  const place = held.poll() as Place;

  entering(places, "a")[Symbol.dispose]();
  expect(places.hosts).toBe(1);

  const forHost = step(entering(places, "a"));
  forHost.poll();
  forHost.drop();
  const forTotal = step(entering(places, "b"));
  forTotal.poll();
  expect(places.hosts).toBe(2);

  place.release();
  forTotal.drop(); // woken, and gone before it ran
  expect(places.hosts).toBe(0);
  const last = step(entering(places, "c"));
  expect(last.poll()).not.toBe(PENDING);
});

test("a response that is held keeps its place until it is read or disposed of", () =>
  run(async () => {
    const client = new HttpClient({ maxPerHost: 1, fetch: async () => new Response("x") });
    const response = await client.get("http://h/");
    const second = client.get("http://h/").text();
    expect((await second.ref().timeout(20).settled()).status).toBe("rejected");
    expect(await response.text()).toBe("x");
    expect(await second).toBe("x");
    const third = await client.get("http://h/");
    third[Symbol.dispose]();
    const empty = new HttpClient({ maxPerHost: 1, fetch: async () => new Response(null, { status: 204 }) });
    for (let n = 0; n < 3; n++) expect((await empty.get("http://h/")).status).toBe(204);
  }));

test("a response that the program loses gives its place back, and is reported", () =>
  run(async () => {
    const report = vi.spyOn(console, "error").mockImplementation(() => {});
    const client = new HttpClient({ maxPerHost: 1, fetch: async () => new Response("x") });
    await lose(client);
    const second = client.get("http://h/").text();
    let isIn = false;
    const waiting = second.then(() => (isIn = true));
    await until(() => {
      globalThis.gc!();
      return isIn;
    });
    await waiting;
    expect(report.mock.calls.map(String)).toContainEqual(
      expect.stringContaining("a permit of a semaphore was garbage-collected while open"),
    );
    report.mockRestore();
  }));

/** Its local variables are gone when it is over. */
async function lose(client: HttpClient): Promise<void> {
  expect((await client.get("http://h/")).status).toBe(200);
}
