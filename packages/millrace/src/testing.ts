/** `millrace/testing`: virtual time, single-stepping and exploration of interleavings. */
import "./future-methods.ts";

export { paused } from "./testing/paused.ts";
export type { TestClock } from "./testing/paused.ts";
export { step } from "./testing/step.ts";
export type { Stepper } from "./testing/step.ts";
export { explore, ExploreError, replay } from "./testing/explore/explore.ts";
export type { ExploreOptions, ExploreReport } from "./testing/explore/explore.ts";
