/** Runs before every test file, on every platform. */
import { beforeEach, inject } from "vitest";
import { reasonToSkip } from "./exclusions.ts";

/** Where the garbage collector is reached in another way than by Node's `--expose-gc`. */
const bun = (globalThis as { Bun?: { gc(isSynchronous: boolean): void } }).Bun;
if (bun !== undefined) globalThis.gc ??= (() => bun.gc(true)) as NodeJS.GCFunction;

beforeEach(({ task, skip }) => {
  const names: string[] = [];
  for (let each: typeof task | typeof task.suite = task; each !== undefined; each = each.suite)
    names.unshift(each.name);
  const reason = reasonToSkip(inject("platform"), task.file.name, names.join(" > "));
  if (reason !== undefined) skip(reason);
});
