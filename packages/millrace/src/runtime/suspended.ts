/** The one result by which a routine tells its driver that it is suspended. */
import type { Suspend } from "./body.ts";

export const SUSPENDED: IteratorYieldResult<Suspend> = Object.freeze({
  done: false,
  value: Object.freeze({}) as Suspend,
});
