/** The line at which a generator stands, for the error of a `yield` without its star. */
import { expect, test } from "vitest";
import { routineSite } from "../../src/diagnostics/routine-site.ts";
import { run } from "../main/program.ts";

test("an error of a plain yield has the line of the yield, while somebody records", async () => {
  const { code, stdout } = await run("bare-yields");
  expect(code).toBe(0);
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(line).toMatch(/expects yield\* \(with the star\), got yield of .* at \S*bare-yields\.ts:10:5$/);
  }
});

test("nothing is left in the global object, and what is no generator stands nowhere", () => {
  const before = Reflect.ownKeys(globalThis);
  expect(routineSite({})).toBeUndefined();
  expect(Reflect.ownKeys(globalThis)).toEqual(before);
});
