import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface LockedPackage {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as {
  readonly packages: Record<string, LockedPackage>;
};

test("the lock file names no registry, so that it works with any", () => {
  const bound = Object.values(lock.packages).filter((locked) => locked.resolved?.includes("://"));
  expect(bound.map((locked) => locked.resolved)).toEqual([]);
});

test("the lock file covers every platform, or `npm ci` refuses it: see scripts/complete-lockfile.ts", () => {
  const wanted = Object.values(lock.packages).flatMap((locked) =>
    Object.keys(locked.optionalDependencies ?? {}),
  );
  expect(
    wanted.filter(
      (name) => !Object.keys(lock.packages).some((path) => path.endsWith(`node_modules/${name}`)),
    ),
  ).toEqual([]);
});
