/**
 * How far the explorations of this folder go. `MILLRACE_DEPTH` is 1 for a run that everybody waits for;
 * with 10, as at night, ten times as many schedules are allowed, and as many more random programs are made.
 */
import type { ExploreOptions } from "millrace/testing";
import { setting } from "../setting.ts";

export const depth: number = Number(setting("MILLRACE_DEPTH") ?? "1");

/** Schedules that one exploration may take, and the preemptions in each. */
export const bounds: ExploreOptions = { maxSchedules: 150 * depth, preemptions: depth > 1 ? 3 : 2 };
