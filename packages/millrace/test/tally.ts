/**
 * Notes how much a run of the tests has tried, a line each, in the file that `MILLRACE_TALLY` names. The
 * page docs/reliability.md is made of it. Where there are no files (browsers) nothing is noted.
 */
import type * as FileSystem from "node:fs";
import { setting } from "./setting.ts";

const file = setting("MILLRACE_TALLY");
const fs = (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule?.("node:fs") as
  | typeof FileSystem
  | undefined;

export type Tried = "properties" | "random programs" | "explorations" | "schedules" | "mutants";

export function tally(what: Tried, count: number): void {
  if (file !== undefined) fs?.appendFileSync(file, `${what}\t${count}\n`);
}
