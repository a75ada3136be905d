/** A `JoinMap` whose shutdown was given up. */
import { JoinMap, pending, sleep, timeout, TimeoutError } from "millrace";
import { expect } from "vitest";
import { get, inBothStyles } from "../both-styles.ts";

inBothStyles(
  "a shutdown that is abandoned has taken out what it joined, and leaves the rest",
  function* (style) {
    const map = new JoinMap<string, string>();
    map.spawn("quick", () => pending());
    map.spawn(
      "slow",
      style.body(function* () {
        try {
          return yield* get(pending<string>());
        } finally {
          yield* get(sleep(50));
        }
      }),
    );
    yield* get(sleep(1));
    expect(yield* get(timeout(10, map.shutdown()).settled())).toMatchObject({
      reason: expect.any(TimeoutError),
    });
    expect([map.size, map.has("quick"), ...map.keys()]).toEqual([1, false, "slow"]);
    map.spawn("quick", () => "again");
    expect(map.size).toBe(2);
    expect(yield* get(map.joinNext())).toEqual({ status: "fulfilled", value: "again", key: "quick" });
    expect(yield* get(map.joinNext())).toMatchObject({ status: "cancelled", key: "slow" });
    expect(yield* get(map.joinNext())).toBe(undefined);
    expect([map.size, ...map.keys()]).toEqual([0]);
  },
);
