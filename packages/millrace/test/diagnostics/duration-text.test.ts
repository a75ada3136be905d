import { expect, test } from "vitest";
import { durationText } from "../../src/diagnostics/duration-text.ts";

test("durations are rounded to what people say, never to sixty seconds or a thousand milliseconds", () => {
  const said = [-1, 0.04, 9.94, 9.96, 999.4, 999.6, 59_949, 59_951, 119_600, 200_000].map(durationText);
  expect(said).toEqual([
    "0 ms",
    "0 ms",
    "9.9 ms",
    "10 ms",
    "999 ms",
    "1 s",
    "59.9 s",
    "1 min 0 s",
    "2 min 0 s",
    "3 min 20 s",
  ]);
});
