/** `millrace/testing`: virtual time and single-stepping. */
import "./future-methods.ts";

export { paused } from "./testing/paused.ts";
export type { TestClock } from "./testing/paused.ts";
export { step } from "./testing/step.ts";
export type { Stepper } from "./testing/step.ts";
