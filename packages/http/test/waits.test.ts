/** What a task that waits for an answer is said to wait for. */
import { sleep, spawn } from "millrace";
import { dump, enable, snapshot } from "millrace/diagnostics";
import { paused } from "millrace/testing";
import { expect, test } from "vitest";
import { HttpClient } from "@millrace/http";

test("a snapshot names the request that a task waits for, and the line that made it, in both styles", () =>
  paused(async () => {
    using _ = enable();
    const client = new HttpClient({ fetch: () => new Promise(() => {}) });
    const call = () => client.get("http://localhost/users/1");
    const waiting = [
      spawn(async () => await call(), { name: "async" }),
      spawn(
        () => {
          const made = call(); // `return call()` is a tail call, of which JavaScriptCore keeps no frame
          return made;
        },
        { name: "given" },
      ),
      spawn(
        function* () {
          yield* call();
        },
        { name: "generator" },
      ),
    ];
    await sleep(10);
    const waits = snapshot().tasks.filter(({ name }) => name !== undefined);
    expect(waits.map(({ name, waitingOn }) => [name, waitingOn?.operation])).toEqual([
      ["async", "GET http://localhost/users/1"],
      ["given", "GET http://localhost/users/1"],
      ["generator", "GET http://localhost/users/1"],
    ]);
    for (const { waitingOn } of waits) expect(waitingOn?.at).toMatch(/http\/test\/waits\.test\.ts:\d+:\d+$/);
    for (const each of waiting) each.abort();
  }));

test("so it does for a body that is read as a whole, whatever is around it", () =>
  paused(async () => {
    using _ = enable();
    const client = new HttpClient({ fetch: () => new Promise(() => {}) });
    const call = () => client.get("http://localhost/users/1");
    const waiting = [
      spawn(async () => await call().json(), { name: "async" }),
      spawn(() => call().text().timeout(60_000), { name: "given" }),
      spawn(
        function* () {
          yield* call().json();
        },
        { name: "generator" },
      ),
    ];
    await sleep(10);
    expect(dump().match(/GET http:\/\/localhost\/users\/1/g)).toHaveLength(3);
    for (const each of waiting) each.abort();
  }));
