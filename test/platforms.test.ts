/** The list of what the suite leaves out on some platform is about tests that there are. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { exclusions, reasonToSkip } from "./platforms/exclusions.ts";
import { platforms } from "./platforms/platforms.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test("what it names exists", () => {
  const missing = exclusions.flatMap(({ files, tests }) => {
    const absent = files.filter((file) => !existsSync(root + file));
    if (absent.length > 0 || tests === undefined) return absent;
    const titles = files.flatMap((file) => titlesIn(readFileSync(root + file, "utf8")));
    const parts = tests.flatMap((name) => name.split(" > "));
    return parts.filter((part) => !titles.some((title) => matches(title, part.replace(/ >$/, ""))));
  });
  expect(missing).toEqual([]);
});

test("Node 24, on which the suite is written, leaves out nothing", () => {
  expect(platforms[0]!.name).toBe("node24");
  expect(exclusions.filter(({ on }) => on.includes("node24"))).toEqual([]);
});

test("a test is left out by the beginning of its name, on the platforms that are named", () => {
  const { files, tests, because } = exclusions.find((each) => each.tests !== undefined)!;
  const [file, name] = [files[0]!, `${tests![0]!} and more`];
  expect(reasonToSkip("bun", file, name)).toBe(because);
  expect(reasonToSkip("node22", file, name)).toBeUndefined();
  expect(reasonToSkip("bun", file, `not ${name}`)).toBeUndefined();
});

function titlesIn(source: string): string[] {
  return [...source.matchAll(/"([^"\n]+)"|`([^`\n]+)`/g)].map(([, quoted, template]) => quoted ?? template!);
}

/** `part` is the beginning of a title, in which `%s` and `${…}` stand for anything. */
function matches(title: string, part: string): boolean {
  if (title.startsWith(part)) return true;
  const pieces = title
    .split(/%s|\$\w+|\$\{[^}]*\}/)
    .map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return pieces.length > 1 && new RegExp(`^${pieces.join(".*")}`).test(part);
}
